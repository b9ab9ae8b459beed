// Half of a surrogate pair is no character. Wherever it comes in, one U+FFFD stands for it, and everybody has the same
// text.
import { beforeEach, expect, test } from 'vitest';
import type { MissionJson, QueuedJson, StoredEventJson } from '../../shared/api.ts';
import { asUser, enrol, freshDirectory } from './edge.ts';
import { batch, dialHost, type HostPeer, hello, row } from './host-peer.ts';
import { readStream } from './stream-reader.ts';
import { turnRows } from './turn-rows.ts';

const ada = asUser('ada');
let peer: HostPeer;

beforeEach(async () => {
  await freshDirectory();
  peer = await dialHost((await enrol()).id);
  peer.send(hello('r1', { capabilities: { agents: null, working_dir: '/root', slots: 2 } }));
  await peer.next('welcome');
});

const call = (method: string, path: string, json: object) => ada(`/api/${path}`, { method, json });
const control = async (method: string, path: string, json: object): Promise<string> => {
  const response = await call(method, `control/${path}`, json);
  const text = await response.text();
  expect([path, response.status, text]).toEqual([path, 200, expect.any(String)]);
  return text;
};
const get = async <T>(path: string): Promise<T> => (await ada(`/api/control/${path}`)).json();
const newMission = async (json: object = {}): Promise<MissionJson> =>
  JSON.parse(await control('POST', 'missions', json));
const say = async (mission: string, content: string): Promise<string> =>
  JSON.parse(await control('POST', 'message', { content, mission_id: mission })).id;
const stored = (mission: string) => get<StoredEventJson[]>(`missions/${mission}/events`);

/** A mission at work, and what its host may say of it. */
const working = async () => {
  const { id: mission } = await newMission();
  const message = await say(mission, 'first');
  await peer.next('commands');
  const turn = crypto.randomUUID();
  const rows = turnRows(mission, message, turn);
  peer.send(batch('r1', 1, [rows.started]));
  await peer.next('ack');
  return { mission, turn, rows };
};

/** The call that a request becomes on the server, which refuses it. */
const asked = async (request: Promise<Response>) => {
  const { id, method, args } = await peer.next('call');
  peer.send({ type: 'result', id, ok: false, value: { code: 'bad_request', message: 'no' } });
  expect((await request).status).toBe(400);
  return [method, args];
};

test('a title, an agent and a model are answered, listed and kept with one replacement character', async () => {
  const texts = { title: 'a\ud83d b\ude00', model_override: 'x\ud800/y' };
  const expected = { title: 'a\ufffd b\ufffd', model_override: 'x\ufffd/y' };

  const made = await newMission(texts);

  expect(made).toMatchObject(expected);
  expect(await get('missions')).toMatchObject([expected]);
  expect(await get(`missions/${made.id}`)).toMatchObject(expected);
});

test('a message is streamed, kept, listed and given to the server as the same text', async () => {
  const { id } = await newMission();
  const live = readStream(await ada('/api/control/stream'));
  await live.until(({ name }) => name === 'status');
  const log = readStream(await ada('/api/control/stream?format=delta'));
  await log.until(({ name }) => name === 'snapshot');

  const message = await say(id, '\ude00 half \ud83d, whole 😀');

  const text = '\ufffd half \ufffd, whole 😀';
  expect((await peer.next('commands')).commands).toMatchObject([{ args: { content: text } }]);
  peer.send(batch('r1', 1, [turnRows(id, message, crypto.randomUUID()).started]));
  expect((await live.until(({ name }) => name === 'user_message')).data.content).toBe(text);
  expect((await log.until(({ name }) => name === 'message.kept')).data.content).toBe(text);
  expect(await stored(id)).toMatchObject([{ content: text }]);
  expect((await get<MissionJson>(`missions/${id}`)).history).toMatchObject([{ content: text }]);
});

test('a waiting message is found by the text it was sent with, and has the new one everywhere', async () => {
  const { mission, rows } = await working();
  const waiting = await say(mission, 'old \ud83d');

  await control('PATCH', `queue/${waiting}`, { content: 'new \udc00', was: 'old \ud83d' });

  expect(await get<QueuedJson[]>('queue')).toMatchObject([{ content: 'new \ufffd' }]);
  expect((await stored(mission)).at(-1)?.content).toBe('new \ufffd');
  peer.send(batch('r1', 2, [rows.ended('completed')]));
  expect((await peer.next('commands')).commands).toMatchObject([{ args: { content: 'new \ufffd' } }]);
});

test('answers to an agent reach it with one replacement character for each half', async () => {
  const { mission, turn } = await working();
  const permission = { permission: 'bash', patterns: [], always: [], metadata: {} };
  const questions = { questions: [{ question: 'Which?', header: 'Which', options: [] }] };
  const ask = (request: string, kind: string, body: object) =>
    row(mission, { type: 'request.asked', request, turn, kind, tool_call_id: `prt_${request}`, body });
  peer.send(
    batch('r1', 2, [
      ask('p1', 'permission', permission),
      ask('q1', 'question', questions),
      ask('q2', 'question', questions),
    ]),
  );
  await peer.next('ack');

  await control('POST', 'permissions/p1', { reply: 'reject', message: 'no \ud800' });
  await control('POST', 'questions/q1', { answers: [['one \udfff']] });
  await control('POST', 'tool_result', {
    tool_call_id: 'prt_q2',
    name: 'question',
    result: { answers: [['two \ud800']] },
  });

  const given = [await peer.next('commands'), await peer.next('commands'), await peer.next('commands')];
  expect(given.flatMap(({ commands }) => commands.map(({ args }) => args))).toMatchObject([
    { message: 'no \ufffd' },
    { answers: [['one \ufffd']] },
    { answers: [['two \ufffd']] },
  ]);
});

test('names and paths in bodies and queries are the same text to the server', async () => {
  const provider = { provider_type: 'groq', name: 'G\ud800', api_key: 'key-\ud800' };
  const finish = { path: '/x', upload_id: 'u', file_name: 'c\udfff.bin', total_chunks: 1 };

  expect(await asked(call('POST', 'fs/mkdir', { path: '/a\ud800' }))).toMatchObject([
    'files.mkdir',
    { path: '/a\ufffd' },
  ]);
  expect(await asked(ada('/api/fs/list?path=%2Fa%ED%A0%80%20%ed%bf%bf'))).toMatchObject([
    'files.list',
    { path: '/a\ufffd \ufffd' },
  ]);
  expect(await asked(call('POST', 'fs/upload-finalize', finish))).toMatchObject([
    'files.finish',
    { name: 'c\ufffd.bin' },
  ]);
  expect(await asked(call('POST', 'ai/providers', provider))).toMatchObject([
    'providers.create',
    { name: 'G\ufffd', api_key: 'key-\ufffd' },
  ]);
});

test('half a character in the path of a request is told as the replacement character', async () => {
  const answer = await call('POST', 'tools/a%ED%A0%80/toggle', { enabled: true });

  expect([answer.status, await answer.text()]).toEqual([404, 'Tool a\ufffd not found']);
});

test('what a server says is kept and shown with replacement characters, keys too', async () => {
  const { mission, turn, rows } = await working();
  const live = readStream(await ada('/api/control/stream'));
  await live.until(({ name }) => name === 'status');
  const args = { '\ud800': ['\udfff x'] };
  const called = row(mission, { type: 'tool.called', turn, tool_call_id: 'c', name: 'n\ud800', args });

  peer.send(
    batch('r1', 2, [
      called,
      rows.part,
      rows.checkpoint(0, 'half \ud83d'),
      rows.closed(6, '', 6),
      rows.ended('completed'),
    ]),
  );
  await peer.next('ack');

  expect((await live.until(({ name }) => name === 'tool_call')).data).toMatchObject({
    name: 'n\ufffd',
    args: { '\ufffd': ['\ufffd x'] },
  });
  const events = await stored(mission);
  expect(events.find(({ event_type }) => event_type === 'tool_call')).toMatchObject({ tool_name: 'n\ufffd' });
  expect(events.at(-1)?.content).toBe('half \ufffd');
  expect((await get<MissionJson>(`missions/${mission}`)).history.at(-1)?.content).toBe('half \ufffd');
});

/** `[[[…]]]` around a text. */
const nested = (levels: number): string => `{"content":"x","more":${'['.repeat(levels)}"\\ud800"${']'.repeat(levels)}}`;

test('half a character deeper than anything means is refused in words', async () => {
  const post = (body: string) =>
    ada('/api/control/message', { method: 'POST', body, headers: { 'Content-Type': 'application/json' } });

  const refused = await post(nested(10_000));

  expect([refused.status, await refused.text()]).toEqual([
    422,
    expect.stringContaining('nested deeper than 100 levels'),
  ]);
  expect((await post(nested(50))).status).toBe(200);
});

/** Half of a character as JSON writes it, or as what UTF-8 made of it. */
const half = /\\ud[89a-f][0-9a-f]{2}|\ufffd/i;

test('where a text is shown by its beginning or its end, no character is cut in two', async () => {
  const long = `x${'😀'.repeat(1_500)}x`;
  const { id: mission } = await newMission();
  const message = await say(mission, long);
  await peer.next('commands');
  const turn = crypto.randomUUID();
  const rows = turnRows(mission, message, turn);
  const live = readStream(await ada('/api/control/stream'));
  await live.until(({ name }) => name === 'status');
  const ask = (request: string, kind: string, body: object) =>
    row(mission, { type: 'request.asked', request, turn, kind, tool_call_id: `prt_${request}`, body });
  const permission = { permission: 'write', patterns: [long], always: [], metadata: {} };
  const questions = { questions: [{ question: 'Which?', header: 'Which', options: [] }] };
  peer.send(batch('r1', 1, [rows.started, ask('p1', 'permission', permission), ask('q1', 'question', questions)]));
  await peer.next('ack');
  await say(mission, long);
  const shown: unknown[] = [];

  shown.push((await live.until(({ data }) => data.phase === 'waiting')).data);
  const log = readStream(await ada('/api/control/stream?format=delta'));
  shown.push((await log.until(({ name }) => name === 'snapshot')).data);
  await control('POST', 'questions/q1', { answers: [[long]] });
  const second = await (await call('POST', 'control/questions/q1', { answers: [['another']] })).text();
  peer.send(batch('r1', 4, [rows.ended('interrupted', long)]));
  shown.push((await live.until(({ name }) => name === 'mission_status_changed')).data);
  shown.push(await get('missions'));

  expect(shown.map((each) => half.exec(JSON.stringify(each)))).toEqual([null, null, null, null]);
  expect(second).toMatch(/already answered by .*: x[😀]+…$/u);
});

test('a resume repeats whole characters of what was said', async () => {
  const long = `x${'😀'.repeat(1_500)}x`;
  const { id: mission } = await newMission();
  const message = await say(mission, long);
  await peer.next('commands');
  const turn = crypto.randomUUID();
  const rows = turnRows(mission, message, turn);
  peer.send(batch('r1', 1, [rows.started, rows.ended('interrupted', long)]));
  await peer.next('ack');

  await control('POST', `missions/${mission}/resume`, {});

  const { commands } = await peer.next('commands');
  expect(JSON.stringify(commands)).toContain('MISSION RESUMED');
  expect(half.exec(JSON.stringify(commands))).toBeNull();
});
