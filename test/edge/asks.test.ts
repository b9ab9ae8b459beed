import { env, evictDurableObject } from 'cloudflare:test';
import { beforeEach, expect, test } from 'vitest';
import type { AskJson, MissionJson, RunningJson, StoredEventJson } from '../../shared/api.ts';
import { type AnswerCommand, command as commandSchema } from '../../shared/commands.ts';
import { asUser, edgeEnv, enrol, freshDirectory, users } from './edge.ts';
import { batch, dialHost, type HostPeer, hello, row } from './host-peer.ts';
import { readStream } from './stream-reader.ts';
import { turnRows } from './turn-rows.ts';
import { watch } from './viewer-peer.ts';

const bound = edgeEnv({ OPEN_AGENT_USERS: users('ada', 'bob') });
const ada = asUser('ada', bound);
const bob = asUser('bob', bound);
const question = { questions: [{ question: 'Which?', header: 'Which', options: [{ label: 'A', description: '' }] }] };
const permission = { permission: 'bash', patterns: ['rm -r x'], always: ['rm *'], metadata: {} };

let host = '';
let mission = '';
let turn = '';
let message = '';
let peer: HostPeer;
let n = 0;

const send = async (...rows: object[]) => {
  peer.send(batch('r1', n + 1, rows));
  n += rows.length;
  await peer.next('ack');
};
const asked = (request: string, kind: 'question' | 'permission', more: object = {}) =>
  row(mission, {
    type: 'request.asked',
    request,
    turn,
    kind,
    tool_call_id: `prt_${request}`,
    body: kind === 'question' ? question : permission,
    ...more,
  });
const ended = (request: string, outcome: string, more: object = {}) =>
  row(mission, { type: 'request.ended', request, outcome, ...more });
const finished = (command: string, outcome: string, text = '') =>
  row(mission, { type: 'command.finished', command, outcome, text, of: 'question' });
const post = async (as: typeof ada, path: string, json: object, headers: Record<string, string> = {}) => {
  const response = await as(`/api/control/${path}`, { method: 'POST', json, headers });
  return { status: response.status, text: await response.text() };
};
const open = async (as: typeof ada = ada): Promise<AskJson[]> => (await as('/api/control/permissions')).json();
const status = async (): Promise<MissionJson['status']> =>
  (await (await ada(`/api/control/missions/${mission}`)).json<MissionJson>()).status;
const running = async () => (await (await ada('/api/control/running')).json()) as object[];
/** The next answer that the host is given. */
const answer = async (): Promise<AnswerCommand> => {
  const [given] = (await peer.next('commands')).commands.map((each) => commandSchema.parse(each));
  if (given?.kind !== 'answer') throw new Error(`no answer but ${given?.kind}`);
  return given;
};

beforeEach(async () => {
  await freshDirectory();
  host = (await enrol()).id;
  peer = await dialHost(host);
  n = 0;
  peer.send(hello('r1'));
  await peer.next('welcome');
  mission = (await (await ada('/api/control/missions', { method: 'POST', json: {} })).json<MissionJson>()).id;
  const sent = await post(ada, 'message', { content: 'ask me', mission_id: mission });
  message = JSON.parse(sent.text).id;
  await peer.next('commands');
  turn = crypto.randomUUID();
  await send(turnRows(mission, message, turn).started);
});

test('while a question or permission is open its mission waits for a tool, in every list and stream', async () => {
  const viewer = await watch(host, 'ada', { rendering: 'default' });
  const called = row(mission, { type: 'tool.called', turn, tool_call_id: 'prt_q1', name: 'question', args: question });
  await send(called, asked('q1', 'question'));

  expect((await viewer.until(({ name }) => name === 'tool_call')).data).toMatchObject({
    tool_call_id: 'prt_q1',
    name: 'question',
    args: question,
  });
  expect(viewer.changes.at(-1)).toMatchObject({ mission_id: mission, state: 'waiting_for_tool' });
  expect(await running()).toMatchObject([{ state: 'waiting_for_tool', turn_state: 'waiting' }]);
  expect(await open()).toMatchObject([
    { id: 'q1', kind: 'question', mission_id: mission, tool_call_id: 'prt_q1', body: question },
  ]);
  const joined = await watch(host, 'ada');
  expect(joined.header.running).toMatchObject([{ state: 'waiting_for_tool' }]);
  expect((await joined.until(({ name }) => name === 'snapshot')).data).toMatchObject({ requests: [{ id: 'q1' }] });

  await send(ended('q1', 'answered', { answer: { answers: [['A']] } }));

  expect(viewer.changes.at(-1)).toMatchObject({ state: 'running' });
  expect(await running()).toMatchObject([{ state: 'running' }]);
  expect(await open()).toEqual([]);
  expect(viewer.events.filter(({ name }) => name === 'tool_call')).toHaveLength(1);
});

test('of two answers at the same moment one wins; the other is told who was first; the host gets one', async () => {
  await send(asked('p1', 'permission'));

  const both = await Promise.all([
    post(ada, 'permissions/p1', { reply: 'once' }),
    post(ada, 'permissions/p1', { reply: 'reject', message: 'no' }),
  ]);

  expect(both.map((each) => each.status).toSorted()).toEqual([200, 409]);
  expect(both.find((each) => each.status === 409)?.text).toMatch(/already answered by ada at .*: (once|reject)/);
  const given = await answer();
  expect(given).toMatchObject({ kind: 'answer', mission, args: { kind: 'permission', request: 'p1' } });
  expect(await open()).toEqual([]);
  expect(await running()).toMatchObject([{ state: 'waiting_for_tool' }]);
  await send(ended('p1', 'answered', { answer: { reply: 'once' } }), finished(given.id, 'finished'));
  expect((await post(ada, 'permissions/p1', { reply: 'once' })).status).toBe(409);
  expect(peer.order.filter((type) => type === 'commands')).toHaveLength(2);
});

test('the same Idempotency-Key is the same answer', async () => {
  await send(asked('q1', 'question'));
  const again = () => post(ada, 'questions/q1', { answers: [['A']] }, { 'Idempotency-Key': 'k' });

  expect([await again(), await again()].map((each) => each.status)).toEqual([200, 200]);

  expect((await answer()).args).toEqual({ kind: 'question', request: 'q1', answers: [['A']] });
  expect(peer.order.filter((type) => type === 'commands')).toHaveLength(2);
});

test('an answer is no message: nothing waits for it, and its end is its own', async () => {
  await send(asked('q1', 'question'));
  const viewer = await watch(host, 'ada', { rendering: 'default' });
  await post(ada, 'questions/q1', { reject: true });
  const given = await answer();
  expect(given.args).toEqual({ kind: 'question', request: 'q1', answers: null });

  expect(await (await ada('/api/control/queue')).json()).toEqual([]);
  expect(await running()).toMatchObject([{ queue_len: 0 }]);
  // As a host without support for answers reports it (no `of`), after the turn has ended, so that a change of the
  // mission would show.
  await send(turnRows(mission, message, turn).ended('completed'));
  const unknown = { type: 'command.finished', command: given.id, outcome: 'failed', text: 'Update the host-agent.' };
  await send(row(mission, unknown));

  expect(await status()).toBe('completed');
  expect((await viewer.until(({ name }) => name === 'error')).data.message).toContain('Update the host-agent.');
  expect(viewer.events.filter(({ name }) => name === 'assistant_message')).toHaveLength(1);
  const stored = (await (await ada(`/api/control/missions/${mission}/events`)).json()) as { event_type: string }[];
  expect(stored.filter(({ event_type }) => event_type === 'assistant_message')).toHaveLength(1);
});

test('an answer is sent after every welcome until the host has it, and named until its end, also after an eviction', async () => {
  await send(asked('q1', 'question'));
  peer.close();
  expect((await post(ada, 'questions/q1', { answers: [['A']] })).status).toBe(200);
  await evictDurableObject(env.HOST.getByName(host));

  const live = { mission, command: message, turn, state: 'waiting', since: 0, last_activity: 0 };
  const back = async (commands: string[]) => {
    peer = await dialHost(host);
    peer.send(hello('r1', { commands, turns: [live], at: { run: 'r1', n } }));
    const { commands: wanted } = await peer.next('welcome');
    return wanted.filter(({ command }) => command.kind === 'answer');
  };
  expect(await back([message])).toEqual([]);
  const [first] = (await peer.next('commands')).commands;
  expect(first).toMatchObject({ args: { request: 'q1', answers: [['A']] } });
  expect(await back([message])).toEqual([]);
  expect((await peer.next('commands')).commands).toEqual([first]);
  const id = first?.id ?? '';
  peer.send({ type: 'received', ids: [id] });
  expect(await back([message, id])).toMatchObject([{ received: true }]);
  await send(ended('q1', 'answered'), finished(id, 'finished'));
  expect(await back([message])).toEqual([]);
});

test('an answer that the host has lost leaves the question to others', async () => {
  await send(asked('q1', 'question'));
  await post(ada, 'questions/q1', { answers: [['A']] });
  const { id } = await answer();
  peer.send({ type: 'received', ids: [id] });
  const live = { mission, command: message, turn, state: 'waiting', since: 0, last_activity: 0 };
  peer = await dialHost(host);
  peer.send(hello('r2', { welcomed_run: 'r1', commands: [message], turns: [live], at: { run: 'r1', n } }));
  await peer.next('welcome');

  expect(await open()).toMatchObject([{ id: 'q1' }]);
  expect((await post(ada, 'questions/q1', { answers: [['B']] })).status).toBe(200);
});

test('an answer that OpenCode refused leaves the question to others', async () => {
  await send(asked('q1', 'question'));
  await post(ada, 'questions/q1', { answers: [['A']] });
  const { id } = await answer();

  await send(finished(id, 'failed', 'OpenCode did not take the answer'));

  expect(await open()).toMatchObject([{ id: 'q1' }]);
});

test('a turn takes its open questions and permissions with it', async () => {
  await send(asked('q1', 'question'), asked('p1', 'permission'));
  const viewer = await watch(host, 'ada');
  expect((await post(ada, 'questions/q1', { answers: [['A']] })).status).toBe(200);

  await send(turnRows(mission, message, turn).ended('interrupted'));

  expect(await open()).toEqual([]);
  await viewer.until(({ name }) => name === 'turn.ended');
  const names = viewer.events.map(({ name }) => name);
  expect(names.filter((name) => name === 'request.ended')).toHaveLength(2);
  expect(names.lastIndexOf('request.ended')).toBeLessThan(names.indexOf('turn.ended'));
  for (const late of [
    await post(ada, 'permissions/p1', { reply: 'once' }),
    await post(ada, 'questions/q1', { answers: [['A']] }),
  ])
    expect([late.status, late.text]).toEqual([409, expect.stringContaining("can't be answered any more")]);
  // The host does not have the answer: it is not told of it any more.
  peer = await dialHost(host);
  peer.send(hello('r1', { at: { run: 'r1', n } }));
  expect((await peer.next('welcome')).commands).toEqual([]);
  // The host reports the ends again, and one more question of the ended turn.
  await send(ended('q1', 'expired'), asked('q2', 'question'));
  expect(viewer.events.filter(({ name }) => name === 'request.ended')).toHaveLength(2);
  expect(await open()).toEqual([]);
});

test('a question told twice is one, and the mission of somebody else can not name it', async () => {
  await send(asked('q1', 'question'));
  await post(ada, 'questions/q1', { answers: [['A']] });
  const other = (await (await bob('/api/control/missions', { method: 'POST', json: {} })).json<MissionJson>()).id;
  const viewer = await watch(host, 'ada');

  await send(asked('q1', 'question'), row(other, { type: 'request.ended', request: 'q1', outcome: 'expired' }));

  expect(await open()).toEqual([]);
  expect(await running()).toMatchObject([{ state: 'waiting_for_tool' }]);
  expect(viewer.events.map(({ name }) => name)).not.toContain('request.asked');
});

test('what agents ask others is unknown: 404, an empty list, an error on the stream', async () => {
  await send(asked('q1', 'question'), asked('p1', 'permission'));
  await bob('/api/control/missions', { method: 'POST', json: {} });

  expect(await open(bob)).toEqual([]);
  expect((await post(bob, 'questions/q1', { answers: [['A']] })).status).toBe(404);
  expect((await post(bob, 'permissions/p1', { reply: 'once' })).status).toBe(404);
  expect((await post(ada, 'permissions/q1', { reply: 'once' })).status).toBe(404);
  expect((await post(ada, 'questions/nothing', { answers: [] })).status).toBe(404);
  const told = await bobsErrors(() => post(bob, 'tool_result', result('prt_q1', { answers: [['A']] })));
  expect(told).toEqual(["Unknown tool_call_id 'prt_q1' for tool 'question'"]);
  expect(await open()).toHaveLength(2);
});

const result = (id: string, said: unknown, name = 'question') => ({ tool_call_id: id, name, result: said });

/** What `act` makes the user's streams say. */
const errorsOf = (user: typeof ada) => async (act: () => Promise<unknown>) => {
  const stream = readStream(await user('/api/control/stream'));
  await stream.until(({ text }) => text === ': keepalive');
  await act();
  const { data } = await stream.until(({ name }) => name === 'error');
  stream.leave();
  return [data.message];
};
const adasErrors = errorsOf(ada);
const bobsErrors = errorsOf(bob);

test('an error of the user is shown on each of their streams, whatever it shows, and also where nothing is theirs', async () => {
  const { workspaceId } = await enrol();
  const there = await ada('/api/control/missions', { method: 'POST', json: { workspace_id: workspaceId } });
  const { id } = await there.json<MissionJson>();
  const paths = ['', `?mission_id=${id}`, `?mission_id=${mission}`, '?format=delta'];
  const streams = await Promise.all(paths.map(async (path) => readStream(await ada(`/api/control/stream${path}`))));
  for (const stream of streams) await stream.until(({ text }) => text === ': keepalive');

  await post(ada, 'tool_result', result('nothing', null));

  for (const stream of streams) {
    const text = "Unknown tool_call_id 'nothing' for tool 'question'";
    expect((await stream.until(({ name }) => name === 'error')).data).toEqual({ type: 'error', message: text });
    expect(stream.named('error')).toHaveLength(1);
    await stream.leave();
  }
  expect(await bobsErrors(() => post(bob, 'tool_result', result('nothing', null)))).toHaveLength(1);
  expect(await bobsErrors(() => post(bob, 'cancel', {}))).toEqual(['No running task to cancel']);
});

test('tool_result answers a question by its call, by `answers` or by themselves', async () => {
  await send(asked('q1', 'question'), asked('q2', 'question'));

  expect(await post(ada, 'tool_result', result('prt_q1', { answers: [['A', 'B']] }))).toMatchObject({
    status: 200,
    text: '{"ok":true}',
  });
  expect((await answer()).args).toEqual({ kind: 'question', request: 'q1', answers: [['A', 'B']] });
  await post(ada, 'tool_result', result('prt_q2', [['Other: mine']]));
  expect((await answer()).args).toEqual({ kind: 'question', request: 'q2', answers: [['Other: mine']] });

  expect(await adasErrors(() => post(ada, 'tool_result', result('prt_q1', [['C']])))).toEqual([
    expect.stringMatching(/already answered by ada at .*: A, B$/),
  ]);
});

test('a tool_result that is none answers {ok:true} and says so on the stream; without its fields it is 400 or 422', async () => {
  await send(asked('q1', 'question'), asked('p1', 'permission'));

  for (const [said, text] of [
    [
      result('nothing', { answers: [['A']] }, 'ui_optionList'),
      "Unknown tool_call_id 'nothing' for tool 'ui_optionList'",
    ],
    [result('nothing', null), "Unknown tool_call_id 'nothing' for tool 'question'"],
    [result('prt_p1', [['A']]), "Unknown tool_call_id 'prt_p1' for tool 'question'"],
    [result('prt_q1', 'A'), expect.stringContaining('Failed to reply to question')],
  ] as const) {
    expect(
      await adasErrors(async () => expect((await post(ada, 'tool_result', said)).text).toBe('{"ok":true}')),
    ).toEqual([text]);
  }
  expect(await post(ada, 'tool_result', result(' ', 1))).toEqual({ status: 400, text: 'tool_call_id is required' });
  expect(await post(ada, 'tool_result', result('x', 1, ''))).toEqual({ status: 400, text: 'name is required' });
  for (const bad of [
    { tool_call_id: 'x', name: 'y' },
    { name: 'y', result: 1 },
    { tool_call_id: 1, name: 'y', result: 1 },
  ])
    expect((await post(ada, 'tool_result', bad)).status).toBe(422);
  expect((await post(ada, 'permissions/p1', { reply: 'maybe' })).status).toBe(422);
  expect((await post(ada, 'questions/q1', { answers: 'A' })).status).toBe(422);
  expect(await open()).toHaveLength(2);
});

test('what a permission is for is a phase of the agent in the apps that know no permissions', async () => {
  const viewer = await watch(host, 'ada', { rendering: 'default' });

  await send(asked('p1', 'permission'), ended('p1', 'rejected', { answer: { reply: 'reject' } }));

  const phases = viewer.events.filter(({ name }) => name === 'agent_phase').map(({ data }) => data.detail);
  expect(phases).toEqual(['Waiting for permission: bash rm -r x', 'Permission refused']);
});

test('an answer that did not reach the agent is shown once, live and after a reload alike', async () => {
  await send(asked('q1', 'question'));
  await post(ada, 'tool_result', result('prt_q1', { answers: [['A']] }));
  const { id } = await answer();

  await send(finished(id, 'failed', 'OpenCode did not take the answer: it is of no question'));

  const events = await (await ada(`/api/control/missions/${mission}/events?types=error`)).json<StoredEventJson[]>();
  expect(events).toMatchObject([
    {
      content: 'Failed to reply to question: OpenCode did not take the answer: it is of no question',
      metadata: { resumable: true },
    },
  ]);
  const { history } = await (await ada(`/api/control/missions/${mission}`)).json<MissionJson>();
  expect(history.filter(({ role }) => role === 'assistant')).toEqual([]);
  const [running] = await (await ada('/api/control/running')).json<RunningJson[]>();
  expect(running?.history_len).toBe(history.length);
});

test('an answer that is too long for a row is refused with what to do, and the question stays open', async () => {
  await send(asked('q1', 'question'));

  const answer = await post(ada, 'questions/q1', { answers: [['\u0001'.repeat(30_000)]] });

  expect([answer.status, answer.text]).toEqual([413, expect.stringContaining('put long texts into a file')]);
  expect(await open()).toMatchObject([{ id: 'q1' }]);
});
