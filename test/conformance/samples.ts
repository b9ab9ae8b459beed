// The samples of contract §15 against what the real system sends for such a turn: the same fields, the same order.

import { expect, test } from 'vitest';
import * as z from 'zod';
import { apiFetch } from '../support/declared-answer.ts';
import { login } from './contract/general.ts';
import { mission, running, storedEvent } from './contract/mission.ts';
import { connectionPhrases, streamEvent } from './contract/stream.ts';
import { turnOver } from './routes/fixtures.ts';
import { gateName, me, model, password, stack, token } from './stage.ts';

const text = 'REASON The user wants a listing.\nTOOL write {"filePath":"list.txt","content":"x"}';

/** The raw bytes of a default stream over one turn, from its first frame to the idle status after the answer. */
const rawTurn = async (gate: string): Promise<{ frames: string[]; mission: string; message: string }> => {
  const reading = new AbortController();
  const response = await apiFetch(`${stack().url()}/api/control/stream`, {
    headers: { authorization: `Bearer ${token()}` },
    signal: reading.signal,
  });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  expect(response.headers.get('cache-control')).toMatch(/^no-cache/);
  expect(response.headers.get('content-encoding')).toBeNull();
  const created = (await me().call('POST', '/api/control/missions', { agent: 'build' })).json;
  const sent = (
    await me().call('POST', '/api/control/message', {
      content: `${text}\nWAIT ${gate}\nSAY Two folders.`,
      mission_id: created.id,
    })
  ).json;
  void model()
    .reached(gate)
    .then(() => model().release(gate));
  const bytes: Uint8Array[] = [];
  for await (const piece of response.body ?? []) {
    bytes.push(piece);
    const soFar = Buffer.concat(bytes).toString('latin1');
    if (/assistant_message[\s\S]*"state":"idle"[^\n]*\n\n/.test(soFar)) break;
  }
  reading.abort();
  const frames = Buffer.concat(bytes).toString('latin1').split('\n\n').slice(0, -1);
  return { frames, mission: created.id, message: sent.id };
};

const fieldsOf = (frame: string, name: string): string[] =>
  frame
    .split('\n')
    .filter((line) => line.startsWith(`${name}:`))
    .map((line) => line.slice(name.length + 1).trim());

test('the stream of a turn has the frames, fields and order of the sample', async () => {
  const turn = await rawTurn(gateName());
  const events = turn.frames.filter((frame) => frame.includes('event:'));
  const parsed = events.map((frame) => {
    const [name, data] = [fieldsOf(frame, 'event'), fieldsOf(frame, 'data')];
    expect([name.length, data.length], frame).toEqual([1, 1]);
    expect(frame, 'ASCII and LF only').toMatch(/^[\n\x20-\x7e]*$/);
    const body: unknown = JSON.parse(data[0] ?? '');
    const event = streamEvent.safeParse(body);
    expect(event.error?.issues ?? [], frame).toEqual([]);
    expect(event.data?.type).toBe(name[0]);
    return event.data ?? { type: 'none' };
  });

  // Everything after the snapshot belongs to this mission and says so.
  const own = parsed.slice(1);
  expect(own.every((event) => 'mission_id' in event && event.mission_id === turn.mission)).toBe(true);
  // Contract §15 without repeats: the closing of one block of thinking and the beginning of the next are one step here.
  // The tree, which the sample does not have, is looked at by itself.
  const order = own
    .map(({ type }) => type)
    .filter((type) => type !== 'agent_tree')
    .filter((type, n, all) => type !== all[n - 1]);
  expect(order).toEqual([
    'status',
    'user_message',
    'agent_phase',
    'thinking',
    'tool_call',
    'tool_result',
    'thinking',
    'mission_status_changed',
    'assistant_message',
    'status',
  ]);
  const of = (type: string): Record<string, unknown>[] => own.filter((event) => event.type === type);
  expect(of('status').at(0)).toMatchObject({ queue_len: expect.any(Number) });
  expect(of('status').findLast(({ state }) => state === 'running')).toMatchObject({ queue_len: 0 });
  expect(of('status').at(-1)).toMatchObject({ state: 'idle', queue_len: 0 });
  expect(of('user_message')).toMatchObject([{ id: turn.message, queued: false }]);
  expect(of('agent_phase')).toMatchObject([
    { phase: 'executing', detail: 'Delegating to OpenCode server', agent: 'OpenCodeAgent' },
  ]);
  expect(of('agent_tree').map(({ tree }) => tree)).toMatchObject([
    { id: 'root', status: 'running' },
    { status: 'completed' },
  ]);
  const places = own.map(({ type }) => type);
  expect(places.indexOf('agent_tree')).toBeLessThan(places.indexOf('agent_phase'));
  expect(places.lastIndexOf('agent_tree')).toBeLessThan(places.indexOf('assistant_message'));
  expect(of('tool_call')).toHaveLength(1);
  expect(of('tool_result')[0]?.tool_call_id).toBe(of('tool_call')[0]?.tool_call_id);
  expect(of('mission_status_changed')).toMatchObject([{ status: 'completed', summary: null }]);
  expect(of('assistant_message')).toMatchObject([{ content: 'Two folders.', success: true, model: 'lab/m1' }]);
  expect(of('assistant_message')[0]?.id).not.toBe(turn.message);
  expect(of('error').filter(({ message }) => connectionPhrases.test(String(message)))).toEqual([]);

  // Thinking is cumulative, and each block's closing event has its whole text (§4.3 NEW, §10.3).
  let block = '';
  for (const { content, done } of of('thinking')) {
    expect(String(content).startsWith(block), `${String(content)} after ${block}`).toBe(true);
    block = done ? '' : String(content);
  }
  expect(
    of('thinking')
      .filter(({ done }) => done)
      .map(({ content }) => content),
  ).toEqual(['The user wants a listing.', 'Two folders.']);
  expect(of('thinking').at(-1)).toMatchObject({ done: true });
  expect(turn.frames[0]).toMatch(/^event: status\ndata: \{"type":"status",/);
  expect(turn.frames.slice(0, 3)).toContain(': keepalive');
});

test('the stored events of that turn are those of the sample, numbered from 1', async () => {
  const gate = gateName();
  const turn = await rawTurn(gate);
  const events = z
    .array(storedEvent)
    .parse((await me().call('GET', `/api/control/missions/${turn.mission}/events`)).json);

  expect(
    events.map(({ sequence, event_type, content, metadata }) => [sequence, event_type, content, metadata]),
  ).toEqual([
    [1, 'user_message', `${text}\nWAIT ${gate}\nSAY Two folders.`, { queued: false }],
    [2, 'thinking', 'The user wants a listing.', { done: true }],
    [3, 'tool_call', expect.stringMatching(/^\{.*"content":"x".*\}$/), {}],
    [4, 'tool_result', expect.stringMatching(/^".*"$/), {}],
    [5, 'thinking', 'Two folders.', { done: true }],
    [6, 'mission_status_changed', '', { status: 'completed' }],
    [
      7,
      'assistant_message',
      'Two folders.',
      { success: true, cost_cents: 0, model: 'lab/m1', shared_files: null, resumable: false },
    ],
  ]);
  expect(events[0]).toMatchObject({ event_id: turn.message, tool_call_id: null });
  expect(events.slice(2, 4)).toMatchObject([{ tool_name: 'write' }, { tool_name: 'write' }]);
});

test('login, creation, message and the running list have the fields of the samples, in their order', async () => {
  const keys = (value: object): string[] => Object.keys(value);
  const loggedIn = (await stack().anyone.call('POST', '/api/auth/login', { password })).json;
  expect(keys(login.parse(loggedIn))).toEqual(['token', 'exp']);
  const body = { workspace_id: '00000000-0000-0000-0000-000000000000', agent: 'build' };
  const created = (await me().call('POST', '/api/control/missions', body)).json;
  expect(keys(mission.parse(created))).toEqual([
    ...['id', 'status', 'title', 'workspace_id', 'agent', 'history', 'created_at', 'updated_at', 'resumable'],
  ]);
  expect(created).toMatchObject({ status: 'active', title: null, history: [], resumable: false });

  const gate = gateName();
  const sent = (
    await me().call('POST', '/api/control/message', { content: `SAY x\nWAIT ${gate}`, mission_id: created.id })
  ).json;
  expect(keys(sent)).toEqual(['id', 'queued']);
  await model().reached(gate);
  const runningNow = z
    .array(running)
    .length(1)
    .parse((await me().call('GET', '/api/control/running')).json);
  expect(runningNow).toMatchObject([
    { mission_id: created.id, state: 'running', queue_len: 0, history_len: 1, expected_deliverables: 0 },
  ]);
  const stream = await me().stream();
  model().release(gate);
  await turnOver(stream, created.id);
  stream.close();
});
