/** `openagent login` and `logout`. */
import { isOpenOnTheWay } from '../../../shared/loopback.ts';
import { say } from '../../launcher/say.ts';
import { BadUse } from '../bad-use.ts';
import { edgeHealth } from '../edge-api.ts';
import { edgeUrl } from '../edge-url.ts';
import { visibleInput } from '../hidden-input.ts';
import { tokenFor } from './by-password.ts';
import { configFolder, forgetLogin, keepLogin, readLogin } from './kept.ts';

export interface LoginOptions {
  url?: string;
  user?: string;
}

/**
 * Asks for what the edge wants (a user's name where it has several, a password unless authentication is off) and keeps
 * the token. Without an address: OPENAGENT_URL, the edge of the login before, or the one that `openagent up` starts on
 * this machine.
 */
export const login = async (
  address: string | undefined,
  { url: given, user }: LoginOptions,
  environment: NodeJS.ProcessEnv,
): Promise<void> => {
  if (address !== undefined && given !== undefined)
    throw new BadUse('One address, please: as an argument or with --url.');
  const folder = configFolder(environment);
  const before = await readLogin(folder);
  const url = edgeUrl(address ?? given ?? environment.OPENAGENT_URL ?? before?.url ?? (await ownEdge(environment)));
  if (isOpenOnTheWay(url)) {
    process.stderr.write(`${url} has no TLS: the password and the token can be read on the way.\n`);
  }
  const health = await edgeHealth(url);
  const name = health.auth_mode === 'multi_user' ? (user ?? (await visibleInput(`User name for ${url}: `))) : undefined;
  if (name === '') throw new BadUse(`The edge at ${url} has several users: say who you are with --user <name>.`);
  const token = await tokenFor(url, health, environment, name);
  const file = await keepLogin(folder, { url, token, ...(name === undefined ? {} : { user: name }) });
  if (token === null) say(`The edge at ${url} wants no login. Its address is kept in ${file}.`);
  else say(`Logged in at ${url}${name === undefined ? '' : ` as ${name}`}. The token is kept in ${file}.`);
};

/** Forgets the token on this machine. It stays valid at the edge until it expires. */
export const logout = async (environment: NodeJS.ProcessEnv): Promise<void> => {
  const folder = configFolder(environment);
  const before = await readLogin(folder);
  await forgetLogin(folder);
  say(before ? `The login at ${before.url} is forgotten on this machine.` : 'There was no login to forget.');
};

/** Loaded only where it is needed: settings are half of the program. */
const ownEdge = async (environment: NodeJS.ProcessEnv): Promise<string> =>
  (await import('../own-edge.ts')).ownEdge(environment);
