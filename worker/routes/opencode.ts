import { timestamp } from '../../shared/api.ts';
import { openCodeCalls } from '../../shared/calls/opencode.ts';
import { AppError } from '../../shared/errors.ts';
import { missionId } from '../../shared/ids.ts';
import { controlRoutes } from '../../shared/routes/control.ts';
import { openCodeRoutes } from '../../shared/routes/opencode.ts';
import { directory } from '../directory/directory.ts';
import { type HostRow, listHosts } from '../directory/hosts.ts';
import { newestMissionOn } from '../directory/missions.ts';
import { callHost } from '../hosts/call.ts';
import { hostOfQuery } from '../hosts/chosen.ts';
import { knownMachines } from '../hosts/known.ts';
import type { Context } from '../http/context.ts';
import { on, type Served } from '../http/on.ts';
import { logError } from '../log.ts';
import { allAgents } from '../opencode/agents.ts';

const readOnlyText =
  'Connections to OpenCode are read-only: each server uses its own OpenCode, or the one that OPENCODE_BASE_URL names there.';
const settingsText = 'oh-my-opencode is not part of this version, so there are no settings of it to write.';
const restartText =
  'OpenCode is not restarted from here, since that would interrupt the missions that run. Nothing that is set here needs it. ' +
  'On its server: `systemctl restart open-agent-opencode`, or stop and start `openagent up`.';

/** OpenCode itself (contract §2.8, §3): what each server uses, read only. */
export const openCode: Served[] = [
  on(openCodeRoutes.agents, ({ c }) => allAgents(c)),
  // The file of oh-my-opencode, which is not installed: missing is `{}` (contract §2.8).
  on(openCodeRoutes.settings, () => ({})),
  on(openCodeRoutes.changeSettings, () => {
    throw new AppError('bad_request', settingsText);
  }),
  on(openCodeRoutes.restart, () => {
    throw new AppError('bad_request', restartText);
  }),
  on(openCodeRoutes.connections, async ({ c }) => {
    const [all, isKnown] = await Promise.all([listHosts(directory(c.env)), knownMachines(c)]);
    const isAsked = ({ id, connectedSince }: HostRow) => connectedSince !== null && isKnown(id);
    return Promise.all(all.map((host) => listedConnection(c, host, all, isAsked(host))));
  }),
  on(openCodeRoutes.connect, ({ body: { name, base_url: url } }) => {
    requireText(name, url);
    throw new AppError('bad_request', readOnlyText);
  }),
  on(openCodeRoutes.connection, async ({ c, params }) => connection(c, ...(await wantedServer(c, params)))),
  on(openCodeRoutes.changeConnection, async ({ c, params, body: { name, base_url: url } }) => {
    await wantedServer(c, params);
    requireText(name ?? 'unchanged', url ?? 'http://unchanged');
    throw new AppError('bad_request', readOnlyText);
  }),
  on(openCodeRoutes.removeConnection, async ({ c, params }) => {
    await wantedServer(c, params);
    throw new AppError('bad_request', readOnlyText);
  }),
  on(openCodeRoutes.testConnection, async ({ c, params }) => {
    const [host] = await wantedServer(c, params);
    const { version, error } = await stateOf(c, host);
    const message = error ?? `OpenCode ${version} answers`;
    return { success: error === null, message, version };
  }),
  on(openCodeRoutes.makeDefault, async ({ c, params }) => {
    const [host, all] = await wantedServer(c, params);
    if (host.id !== all[0]?.id) throw new AppError('bad_request', readOnlyText);
    return connection(c, host, all);
  }),
];

/** What OpenCode has of the user's newest mission on a server; always 200. */
export const diagnostics: Served[] = [
  on(controlRoutes.diagnostics, async ({ c, principal }) => {
    const host = await hostOfQuery(c);
    const none = { base_url: null, session_id: null, session_status: null };
    if (host === null) return { ...none, error: 'No server is enrolled' };
    const newest = await newestMissionOn(directory(c.env), principal.user.id, host.id);
    const mission = newest === null ? null : missionId.parse(newest);
    if (mission === null && !(await knownMachines(c))(host.id)) return { ...none, error: 'You have no mission there' };
    const asked = callHost(c.env, principal, host.id, openCodeCalls.diagnostics, { mission });
    return asked.catch((cause) => ({ ...none, error: textOf(cause) }));
  }),
];

/**
 * The state of a server's OpenCode; where it lies and listens, and why it does not answer, only for those who may know.
 * Never throws for an expected failure: when the server is away, `error` says so.
 */
export const stateOf = async (c: Context, host: HostRow) => {
  const isKnown = await knownMachines(c);
  const asked = callHost(c.env, c.get('principal'), host.id, openCodeCalls.state, {});
  const state = await asked.catch((cause) => ({
    version: null,
    base_url: null,
    path: null,
    permissive: true,
    error: textOf(cause),
  }));
  if (isKnown(host.id)) return state;
  const error = state.error === null ? null : 'OpenCode of this server does not answer now. Ask an admin.';
  return { ...state, base_url: null, path: null, error };
};

const textOf = (cause: unknown): string => {
  if (cause instanceof AppError) return cause.message;
  throw cause;
};

/** A server's OpenCode as a connection (contract §3); its address is empty while the server does not say it. */
const connection = async (c: Context, host: HostRow, all: readonly HostRow[]) => {
  const { base_url, permissive } = await stateOf(c, host);
  return connectionWith(host, all, { base_url, permissive });
};

/**
 * The same in a list, for which no server is asked that is away, or of whose machine whoever asks is told nothing: a
 * list of two hundred servers wakes no object in vain.
 */
const listedConnection = (c: Context, host: HostRow, all: readonly HostRow[], isAsked: boolean) =>
  isAsked ? connection(c, host, all).catch((cause) => unasked(host, all, cause)) : unasked(host, all);

/** `failure`: why it was asked in vain. */
const unasked = (host: HostRow, all: readonly HostRow[], failure?: unknown) => {
  if (failure !== undefined) logError('host.left_out', failure, { host: host.id });
  return connectionWith(host, all, { base_url: null, permissive: true });
};

const connectionWith = (
  host: HostRow,
  all: readonly HostRow[],
  { base_url, permissive }: { base_url: string | null; permissive: boolean },
) => {
  return {
    id: host.id,
    name: `OpenCode of ${host.name}`,
    base_url: base_url ?? '',
    agent: null,
    permissive,
    enabled: true,
    is_default: host.id === all[0]?.id,
    created_at: timestamp(host.createdAt),
    updated_at: timestamp(host.createdAt),
  };
};

const wantedServer = async (c: Context, { id }: { id: string }): Promise<[HostRow, HostRow[]]> => {
  const all = await listHosts(directory(c.env));
  const host = all.find((each) => each.id === id);
  if (!host) throw new AppError('not_found', `Connection ${id} not found`);
  return [host, all];
};

const requireText = (name: string, url: string): void => {
  if (name.trim() === '') throw new AppError('bad_request', 'Name cannot be empty');
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new AppError('bad_request', 'Invalid URL: base_url must begin with http:// or https://');
  }
};
