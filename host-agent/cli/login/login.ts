/** `openagent login` and `logout`. */
import { isOpenOnTheWay } from '../../../shared/loopback.ts';
import { say } from '../../launcher/say.ts';
import { BadUse } from '../bad-use.ts';
import { edgeClient, edgeHealth, Refused } from '../edge-api.ts';
import { edgeUrl } from '../edge-url.ts';
import { NotLoggedIn } from '../exit-codes.ts';
import { visibleInput } from '../hidden-input.ts';
import { tokenFor } from './by-password.ts';
import { configFolder, forgetLogin, type KeptLogin, keepLogin, readLogin } from './kept.ts';

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

export interface LogoutOptions {
  everywhere?: boolean;
  user?: string;
}

/**
 * Ends the kept login at its edge and forgets it here, also where the edge can't be told: then it throws what kept it
 * from that. `everywhere` ends all logins of the person, `user` those of another, and leaves the own one as it is.
 */
export const logout = async (
  { everywhere = false, user }: LogoutOptions,
  environment: NodeJS.ProcessEnv,
): Promise<void> => {
  const folder = configFolder(environment);
  const kept = await readLogin(folder);
  if (user !== undefined) return logOutUser(kept, user);
  await forgetLogin(folder);
  if (!kept) return say('There was no login to forget.');
  say(`The login at ${kept.url} is forgotten on this machine.`);
  if (kept.token === null) return;
  try {
    await edgeClient(kept.url, kept.token).POST('/api/auth/logout', { body: { everywhere } });
  } catch (error) {
    // It had ended already; the others of this person only a good one can end.
    if (error instanceof Refused && error.status === 401 && !everywhere) return;
    process.stderr.write('Its edge was not told, so that the token is good until it expires.\n');
    throw error;
  }
  say(everywhere ? 'All logins of this user have ended.' : 'It has ended at the edge.');
};

const logOutUser = async (kept: KeptLogin | undefined, user: string): Promise<void> => {
  if (!kept) throw new NotLoggedIn('Log in as an admin first: `openagent login <address>`.');
  const path = { id: user };
  await edgeClient(kept.url, kept.token).POST('/api/auth/users/{id}/logout', { params: { path } });
  say(`All logins of ${user} at ${kept.url} have ended.`);
};

/** Loaded only where it is needed: settings are half of the program. */
const ownEdge = async (environment: NodeJS.ProcessEnv): Promise<string> =>
  (await import('../own-edge.ts')).ownEdge(environment);
