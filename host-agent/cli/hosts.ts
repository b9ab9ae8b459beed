/** `openagent hosts`: the servers of an edge, for its admin. */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type HostJson, hostJson, newHostResponse } from '../../shared/enrolment.ts';
import { isLoopback } from '../../shared/loopback.ts';
import { StartError } from '../config/start-error.ts';
import { say } from '../launcher/say.ts';
import { dataOf, edgeClient } from './edge-api.ts';
import { edgeUrl } from './edge-url.ts';
import { logIn } from './log-in.ts';
import { ownEdge } from './own-edge.ts';
import { misused, readArguments } from './usage.ts';

/** Runs one of the three. Throws StartError with what to do. */
export const hosts = async (args: string[], environment: NodeJS.ProcessEnv): Promise<void> => {
  const options = { url: { type: 'string' }, user: { type: 'string' } } as const;
  const { values, positionals } = readArguments('hosts', () => parseArgs({ args, options, allowPositionals: true }));
  const [action, name, ...more] = positionals;
  if (more.length > 0) throw misused('hosts', `"${more[0]}" is one word too many.`);
  const url = values.url === undefined ? await ownEdge(environment) : edgeUrl(values.url);
  const token = () => logIn(url, environment, values.user);
  switch (action) {
    case 'add':
      return add(url, await token(), name);
    case 'list':
      return list(url, await token());
    case 'remove':
      if (name === undefined)
        throw new StartError('Which server? Give its name or id; `openagent hosts list` has both.');
      return remove(url, await token(), name);
    default:
      throw misused('hosts', action ? `There is no "hosts ${action}".` : 'What about the servers?');
  }
};

const add = async (url: string, token: string | null, name: string | undefined): Promise<void> => {
  const body = name === undefined ? {} : { name };
  const call = edgeClient(url, token).POST('/api/hosts', { body });
  const { install, command, expires_at } = await dataOf(url, newHostResponse, call);
  const until = new Date(expires_at).toLocaleTimeString();
  say(`On the new server, as root, until ${until} and once:\n\n  ${install}\n`);
  say(`Or, where Open Agent is installed already:\n\n  ${command}\n`);
  if (isLoopback(new URL(url).hostname)) {
    say('Put in the address by which that server reaches this edge: 127.0.0.1 is each machine itself.');
  }
};

const list = async (url: string, token: string | null): Promise<void> => {
  const all = await dataOf(url, z.array(hostJson), edgeClient(url, token).GET('/api/hosts'));
  if (all.length === 0) say(`The edge at ${url} has no servers. \`openagent hosts add\` makes a code for one.`);
  for (const host of all) say(`${host.name}  ${host.id}  ${stateOf(host)}  ${host.working_dir ?? ''}`.trimEnd());
};

const stateOf = ({ connected, live }: HostJson): string => {
  if (!connected) return 'away';
  return live ? 'connected, at work' : 'connected';
};

const remove = async (url: string, token: string | null, wanted: string): Promise<void> => {
  const all = await dataOf(url, z.array(hostJson), edgeClient(url, token).GET('/api/hosts'));
  const [found, second] = all.filter(({ id, name }) => id === wanted || name === wanted);
  if (!found) throw new StartError(`The edge at ${url} has no server "${wanted}". \`openagent hosts list\` shows all.`);
  if (second)
    throw new StartError(`Several servers are called "${wanted}": give the id, as \`openagent hosts list\` shows it.`);
  const params = { path: { id: found.id } };
  await edgeClient(url, token).DELETE('/api/hosts/{id}', { params });
  say(`${found.name} (${found.id}) is removed. Its credential has ended; its missions can still be read.`);
};
