// A team on one server: bob, a user, has there what can be had; mallory, another user, has nothing; ada is the admin.
import { expect } from 'vitest';
import type { MissionJson } from '../../shared/api.ts';
import type { Route } from '../../shared/routes/route.ts';
import { type AnsweringHost, answeringHost } from './answering-host.ts';
import { asUser, edgeEnv, request, teamUsers } from './edge.ts';
import { batch, row } from './host-peer.ts';
import { turnRows } from './turn-rows.ts';

/** In every text that is bob's, in every text about the machine, and in what is for admins alone. */
export const marks = { bob: 'BOBS', machine: 'MACHINE', admin: 'ADMINS' };

const team = edgeEnv({ OPEN_AGENT_USERS: teamUsers });
export const people = {
  bob: asUser('bob', team),
  mallory: asUser('mallory', team),
  ada: asUser('ada', team),
  nobody: (path: string, init: RequestInit & { json?: unknown } = {}) => request(path, init, team),
};

/**
 * What the played server says, with marks in it. It keeps to the scope of files that it is told, as a real one does.
 */
const answers = () => {
  const provider = {
    ...{ id: 'groq', provider_type: 'groq', provider_type_name: 'Groq', name: 'Groq', has_api_key: true },
    ...{ has_oauth: false, base_url: `http://${marks.admin}.example`, enabled: true, is_default: true },
    ...{ uses_oauth: false, auth_methods: [], status: { type: 'error', message: marks.admin } },
    ...{ created_at: '2026-01-10T12:00:00.000Z', updated_at: '2026-01-10T12:00:00.000Z' },
  };
  const files = (args: unknown) => {
    const { scope } = args as { scope: { missions: string[] | null; everything: boolean } };
    const isOwners = scope.missions !== null && scope.missions.length > 0;
    if (!scope.everything && !isOwners) throw { code: 'forbidden', message: 'You may not reach this' };
    const path = `/${isOwners ? marks.bob : marks.machine}.txt`;
    return [{ name: path.slice(1), path, kind: 'file', size: 1, mtime: 1 }];
  };
  const folder = { path: `/srv/${marks.machine}`, path_exists: true, directories: [], has_bash: true };
  return {
    'files.list': files,
    'files.mkdir': files,
    'files.rm': files,
    'files.send': files,
    'files.receive': files,
    'files.finish': files,
    'providers.models': () => ({ providers: [] }),
    'providers.list': () => [provider],
    'providers.get': () => provider,
    'opencode.agents': () => ({ agents: [], default_agent: 'build' }),
    'opencode.state': () => ({
      ...{ version: null, base_url: `http://${marks.machine}`, permissive: true, path: `/${marks.machine}` },
      error: `${marks.machine} does not answer`,
    }),
    'opencode.diagnostics': () => ({
      ...{ base_url: `http://${marks.machine}`, session_id: null, session_status: null, error: null },
    }),
    'ports.list': () => ({ ports: [] }),
    'system.samples': () => ({ at: { collector: 'c', n: 0 }, samples: [] }),
    'workspace.debug': () => folder,
    'workspace.init_log': () => ({ exists: true, content: marks.machine, total_lines: 1 }),
  };
};

export interface Stage extends AnsweringHost {
  /** An id of each kind that is bob's. */
  ids: string[];
}

/** Bob's missions: one works and asks something, one waits, one is done. */
export const stage = async (): Promise<Stage> => {
  const host = await answeringHost(answers(), { working_dir: `/srv/${marks.machine}`, slots: 1 });
  const create = async (): Promise<string> => {
    const json = { title: `${marks.bob} title`, workspace_id: host.workspaceId };
    return (await (await people.bob('/api/control/missions', { method: 'POST', json })).json<MissionJson>()).id;
  };
  const send = async (mission_id: string): Promise<string> => {
    const json = { content: `${marks.bob} message`, mission_id };
    const answer = await people.bob('/api/control/message', { method: 'POST', json });
    return (await answer.json<{ id: string }>()).id;
  };
  const [done, works, waits] = [await create(), await create(), await create()];
  let n = 0;
  const rows = async (...items: object[]) => {
    host.peer.send(batch('r1', n + 1, items));
    n += items.length;
    expect((await host.peer.next('ack')).n).toBe(n);
  };
  const first = turnRows(done, await send(done), crypto.randomUUID());
  await host.peer.next('commands');
  await rows(first.started, first.ended('completed', `${marks.bob} answer`));
  const [message, turn] = [await send(works), crypto.randomUUID()];
  await host.peer.next('commands');
  const asks = { questions: [{ question: `${marks.bob}?`, header: 'h', options: [{ label: 'A', description: '' }] }] };
  await rows(
    turnRows(works, message, turn).started,
    row(works, { type: 'tool.called', turn, tool_call_id: 'call_bob', name: 'question', args: asks }),
    row(works, {
      ...{ type: 'request.asked', request: 'que_bob', turn, kind: 'question', tool_call_id: 'call_bob', body: asks },
    }),
    row(works, {
      ...{ type: 'request.asked', request: 'per_bob', turn, kind: 'permission', tool_call_id: 'call_p' },
      body: { permission: marks.bob, patterns: [] },
    }),
  );
  const waiting = await send(waits);
  return { ...host, ids: [works, waiting, turn, 'que_bob', 'call_bob'] };
};

/**
 * The route as a call that is about this id, wherever it can name one: in its path, its query and its body, which has
 * every field that any route asks for.
 */
export const about = (
  { method, path }: Route,
  id: string,
  host: string,
): [string, RequestInit & { json?: unknown }] => {
  const file = `/workspaces/mission-${id.slice(0, 8)}/x`;
  const query = new URLSearchParams({
    ...{ mission_id: id, host, path: file, display: ':1', q: 'x', total_chunks: '1', chunk_index: '0', upload_id: 'u' },
  });
  const json = {
    ...{ mission_id: id, workspace_id: id, content: 'x', was: 'x', status: 'completed', path: file, url: 'http://x' },
    ...{ reply: 'once', answers: [['A']], tool_call_id: id, name: 'x', result: { answers: [['A']] }, code: 'x' },
    ...{ upload_id: 'u', file_name: 'f', total_chunks: 1, provider_type: 'groq', method_index: 0, task: 'x' },
    ...{ base_url: 'http://x', command: 'x', enabled: true, title: null, agent: null, model_override: null },
  };
  const spelt = path.replace(/:\w+(\{[^}]*\})?/g, encodeURIComponent(id));
  return [`${spelt}?${query}`, { method, ...(method === 'GET' || method === 'DELETE' ? {} : { json }) }];
};
