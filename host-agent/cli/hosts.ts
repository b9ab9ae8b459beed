/** `openagent hosts`: the servers of an edge, for its admin. */
import * as z from 'zod';
import { type HostJson, hostJson, newHostResponse } from '../../shared/enrolment.ts';
import { isLoopback } from '../../shared/loopback.ts';
import { StartError } from '../config/start-error.ts';
import { say } from '../launcher/say.ts';
import { dataOf, edgeClient } from './edge-api.ts';
import { edgeUrl } from './edge-url.ts';
import { logIn } from './login/by-password.ts';
import { ownEdge } from './own-edge.ts';

export interface EdgeOfHosts {
  /** The edge; the one that this machine belongs to where none is named. */
  url?: string;
  /** Who the admin is, where the edge has several users. */
  user?: string;
}

/** The address of the edge, and a token for it. Throws StartError with what to do. */
const reach = async ({ url: given, user }: EdgeOfHosts, environment: NodeJS.ProcessEnv) => {
  const url = given === undefined ? await ownEdge(environment) : edgeUrl(given);
  return { url, token: await logIn(url, environment, user) };
};

/** Says how a new server joins. Throws StartError with what to do. */
export const addHost = async (
  name: string | undefined,
  edge: EdgeOfHosts,
  environment: NodeJS.ProcessEnv,
): Promise<void> => {
  const { url, token } = await reach(edge, environment);
  const body = name === undefined ? {} : { name };
  const call = edgeClient(url, token).POST('/api/hosts', { body });
  const { install, command, expires_at, warning } = await dataOf(url, newHostResponse, call);
  const until = new Date(expires_at).toLocaleTimeString();
  say(`On the new server, as root, until ${until} and once:\n\n  ${install}\n`);
  say(`Or, where Open Agent is installed already:\n\n  ${command}\n`);
  if (warning != null) say(`Warning: ${warning}`);
  if (isLoopback(new URL(url).hostname)) {
    say('Put in the address by which that server reaches this edge: 127.0.0.1 is each machine itself.');
  }
};

/** Says which servers there are. Throws StartError with what to do. */
export const listHosts = async (edge: EdgeOfHosts, environment: NodeJS.ProcessEnv): Promise<void> => {
  const { url, token } = await reach(edge, environment);
  const params = { query: { look: 'true' as const } };
  const all = await dataOf(url, z.array(hostJson), edgeClient(url, token).GET('/api/hosts', { params }));
  if (all.length === 0) say(`The edge at ${url} has no servers. \`openagent hosts add\` makes a code for one.`);
  for (const host of all) say(`${host.name}  ${host.id}  ${stateOf(host)}  ${host.working_dir ?? ''}`.trimEnd());
  for (const { name, log_full: percent } of all)
    if (percent !== undefined)
      say(`Warning: the log of ${name} is ${percent} % full; from 95 % on no new mission begins.`);
};

const stateOf = ({ connected, live }: HostJson): string => {
  if (!connected) return 'away';
  return live ? 'connected, at work' : 'connected';
};

/** Removes a server by its name or id. Throws StartError with what to do. */
export const removeHost = async (wanted: string, edge: EdgeOfHosts, environment: NodeJS.ProcessEnv): Promise<void> => {
  const { url, token } = await reach(edge, environment);
  const all = await dataOf(url, z.array(hostJson), edgeClient(url, token).GET('/api/hosts'));
  const [found, second] = all.filter(({ id, name }) => id === wanted || name === wanted);
  if (!found) throw new StartError(`The edge at ${url} has no server "${wanted}". \`openagent hosts list\` shows all.`);
  if (second)
    throw new StartError(`Several servers are called "${wanted}": give the id, as \`openagent hosts list\` shows it.`);
  const params = { path: { id: found.id } };
  await edgeClient(url, token).DELETE('/api/hosts/{id}', { params });
  say(`${found.name} (${found.id}) is removed. Its credential has ended; its missions can still be read.`);
};
