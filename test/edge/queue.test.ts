import { env } from 'cloudflare:test';
import { beforeEach, expect, test, vi } from 'vitest';
import type { MissionJson, QueuedJson, StoredEventJson } from '../../shared/api.ts';
import { maxMessageBytes } from '../../shared/limits.ts';
import { asUser, enrol, freshDirectory } from './edge.ts';
import { batch, connectedSince, dialHost, type HostPeer, hello } from './host-peer.ts';
import { readStream, type StreamReader } from './stream-reader.ts';
import { turnRows } from './turn-rows.ts';
import { watch } from './viewer-peer.ts';

const ada = asUser('ada');
const bob = asUser('bob');
let host = '';
let peer: HostPeer;

beforeEach(async () => {
  await freshDirectory();
  host = (await enrol()).id;
  peer = await dialHost(host);
  peer.send(hello('r1', { capabilities: { agents: null, working_dir: '/root', slots: 2 } }));
  await peer.next('welcome');
});

const call = async (method: string, path: string, json?: unknown, as = ada): Promise<[number, string]> => {
  const response = await as(`/api/control/${path}`, { method, ...(json === undefined ? {} : { json }) });
  return [response.status, await response.text()];
};
const get = async <T>(path: string, as = ada): Promise<T> => (await as(`/api/control/${path}`)).json();
const newMission = async (as = ada): Promise<string> => JSON.parse((await call('POST', 'missions', {}, as))[1]).id;
const say = async (mission_id: string, content: string, as = ada): Promise<{ id: string; queued: boolean }> =>
  JSON.parse((await call('POST', 'message', { content, mission_id }, as))[1]);
const queue = (query = ''): Promise<QueuedJson[]> => get(`queue${query}`);
const stream = async (format: string, headers: Record<string, string> = {}): Promise<StreamReader> =>
  readStream(await ada(`/api/control/stream${format}`, { headers }));

/** A mission that is busy, with a message that waits behind; `free` ends its turn. */
const busyWithOneWaiting = async (text: string) => {
  const mission = await newMission();
  const first = await say(mission, 'first');
  await peer.next('commands');
  const rows = turnRows(mission, first.id, crypto.randomUUID());
  peer.send(batch('r1', 1, [rows.started]));
  await peer.next('ack');
  const waiting = await say(mission, text);
  return { mission, waiting: waiting.id, free: () => peer.send(batch('r1', 2, [rows.ended('completed')])) };
};

const sentText = async (): Promise<unknown> => {
  const { commands } = await peer.next('commands');
  return commands.map(({ args }) => (args as { content: string }).content);
};

test('an edited message is sent, kept and shown with its new text, once', async () => {
  const { mission, waiting, free } = await busyWithOneWaiting('old text');
  const live = await stream('');
  const log = await stream('?format=delta');
  await log.until(({ name }) => name === 'snapshot');
  const before = log.cursor();

  expect(await call('PATCH', `queue/${waiting.toUpperCase()}`, { content: '  new text ', more: 1 })).toEqual([
    200,
    '{"ok":true}',
  ]);

  expect(await queue()).toMatchObject([{ id: waiting, content: 'new text', agent: null, mission_id: mission }]);
  const shown = await live.until(({ name, data }) => name === 'user_message' && data.content === 'new text');
  expect(shown.data).toMatchObject({ id: waiting, queued: true, mission_id: mission });
  const edited = await log.until(({ name }) => name === 'message.edited');
  expect(edited.data).toMatchObject({ command: waiting, content: 'new text', mission_id: mission });

  free();
  expect(await sentText()).toEqual(['new text']);
  const stored = await get<StoredEventJson[]>(`missions/${mission}/events?types=user_message`);
  expect(stored.map(({ event_id, content }) => [event_id, content])).toEqual([
    [expect.any(String), 'first'],
    [waiting, 'new text'],
  ]);
  const { history } = await get<MissionJson>(`missions/${mission}`);
  expect(history.filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual(['first', 'new text']);
  await vi.waitFor(async () => {
    const listed = (await get<MissionJson[]>('missions')).find(({ id }) => id === mission);
    expect(listed?.history).toEqual(history.map(({ role, content }) => ({ role, content })));
  });

  const replayed = await stream('?format=delta', { 'Last-Event-ID': before });
  await replayed.until(({ name }) => name === 'snapshot');
  expect(replayed.blocks.map(({ text }) => text).join()).not.toContain('old text');
  const all = await watch(host, 'ada', { rendering: 'default', cursor: 'start' });
  await all.until(({ data }) => data.id === waiting);
  expect(JSON.stringify(all.events)).not.toContain('old text');
  for (const reader of [live, log, replayed]) await reader.leave();
});

test('a title that came from the message follows its edit, one that was given does not', async () => {
  const busy = [await newMission(), await newMission()];
  for (const mission of busy) await say(mission, 'busy');
  const untitled = await newMission();
  const titled = JSON.parse((await call('POST', 'missions', { title: 'Mine' }))[1]).id;
  const [one, two] = [await say(untitled, 'Frist thing'), await say(titled, 'Frist thing')];

  for (const { id } of [one, two]) await call('PATCH', `queue/${id}`, { content: 'First thing' });

  await vi.waitFor(async () => {
    const titles = new Map((await get<MissionJson[]>('missions')).map(({ id, title }) => [id, title]));
    expect([titles.get(untitled), titles.get(titled)]).toEqual(['First thing', 'Mine']);
  });
});

test('what can be wrong with an edit is said, and changes nothing', async () => {
  const { mission, waiting, free } = await busyWithOneWaiting('text');
  const other = crypto.randomUUID();

  expect(await call('PATCH', `queue/${waiting}`, { content: ' \n ' })).toEqual([400, 'content is required']);
  expect((await call('PATCH', 'queue/nonsense', { content: 'x' }))[0]).toBe(400);
  expect((await call('PATCH', `queue/${waiting}`, { content: 'x'.repeat(maxMessageBytes + 1) }))[0]).toBe(413);
  for (const body of [{}, { content: 1 }, { content: null }, { content: 'x', was: 1 }])
    expect((await call('PATCH', `queue/${waiting}`, body))[0]).toBe(422);
  expect((await ada(`/api/control/queue/${waiting}`, { method: 'PATCH', body: 'content' })).status).toBe(415);
  for (const [as, id] of [
    [bob, waiting],
    [ada, other],
  ] as const)
    expect(await call('PATCH', `queue/${id}`, { content: 'x' }, as)).toEqual([404, 'message not in queue']);
  expect((await get<MissionJson>(`missions/${mission}`)).history.at(-1)?.content).toBe('text');

  free();
  expect(await sentText()).toEqual(['text']);
  expect(await call('PATCH', `queue/${waiting}`, { content: 'late' })).toEqual([404, 'message not in queue']);
  expect(await call('DELETE', `queue/${waiting}`)).toEqual([404, 'message not in queue']);
});

test('of two who edit the same text at once the second is told, and a repeated edit is the same edit', async () => {
  const { waiting } = await busyWithOneWaiting('text');

  const answers = await Promise.all(
    ['mine', 'yours'].map((content) => call('PATCH', `queue/${waiting}`, { content, was: 'text' })),
  );

  expect(answers.map(([status]) => status).toSorted()).toEqual([200, 409]);
  const winner = answers[0]?.[0] === 200 ? 'mine' : 'yours';
  expect(await queue()).toMatchObject([{ content: winner }]);
  expect((await call('PATCH', `queue/${waiting}`, { content: winner, was: 'text' }))[0]).toBe(200);
  expect(await edits()).toBe(1);
});

test('an edit at the moment of sending is in the message that is sent, or refused', async () => {
  for (let round = 0; round < 8; round++) {
    const { waiting, free } = await busyWithOneWaiting('old');
    const edit = call('PATCH', `queue/${waiting}`, { content: 'new' });
    if (round % 2 === 0) await Promise.resolve();
    free();
    const [[status], sent] = await Promise.all([edit, sentText()]);

    expect([status, sent]).toEqual(status === 200 ? [200, ['new']] : [404, ['old']]);
    peer.close();
    await reconnect();
  }
});

test('edited and removed at once: it never runs and is in no history', async () => {
  const { mission, waiting, free } = await busyWithOneWaiting('old');
  const again = await say(mission, 'behind');

  const [edited, removed] = await Promise.all([
    call('PATCH', `queue/${waiting}`, { content: 'new' }),
    call('DELETE', `queue/${waiting}`),
  ]);

  expect(removed[0]).toBe(200);
  expect([200, 404]).toContain(edited[0]);
  free();
  expect(await sentText()).toEqual(['behind']);
  expect((await get<MissionJson>(`missions/${mission}`)).history.map(({ content }) => content)).not.toContain('new');
  const types = (await get<StoredEventJson[]>(`missions/${mission}/events`)).filter(({ event_id }) =>
    [waiting, again.id].includes(event_id ?? ''),
  );
  expect(types.map(({ event_type }) => event_type)).toEqual(['user_message']);
});

test('removing and clearing tell the new length, and the queue can be asked for one mission', async () => {
  const { mission, waiting } = await busyWithOneWaiting('one');
  const other = await newMission();
  await say(other, 'running too');
  await peer.next('commands');
  const third = await newMission();
  await say(third, 'elsewhere');
  await say(mission, 'two');
  const live = await stream('');
  await live.until(({ text }) => text.includes(': keepalive'));
  expect((await queue()).map(({ content }) => content)).toEqual(['one', 'elsewhere', 'two']);
  expect((await queue(`?mission_id=${mission}`)).map(({ content }) => content)).toEqual(['one', 'two']);
  expect((await get<QueuedJson[]>('queue', bob)).length).toBe(0);
  expect((await call('GET', 'queue?mission_id=x'))[0]).toBe(400);

  const lengths = () =>
    live
      .named('status')
      .filter(({ data }) => data.mission_id === mission)
      .map(({ data }) => data.queue_len);
  expect(await call('DELETE', `queue/${waiting}`)).toEqual([200, '{"ok":true}']);
  await live.until(({ name, data }) => name === 'status' && data.mission_id === mission && data.queue_len === 1);
  expect(await call('DELETE', 'queue')).toEqual([200, '{"ok":true,"cleared":2}']);
  await live.until(({ name, data }) => name === 'status' && data.mission_id === third && data.queue_len === 0);
  await live.until(({ name, data }) => name === 'status' && data.mission_id === mission && data.queue_len === 0);
  expect([...new Set(lengths())]).toEqual([2, 1, 0]);
  expect(await queue()).toEqual([]);
  await live.leave();
});

test('a mission starts in parallel at once or not at all', async () => {
  const [a, b, c] = [await newMission(), await newMission(), await newMission()];
  const start = (mission: string, content = 'go', as = ada) =>
    call('POST', `missions/${mission}/parallel`, { content, model: 'x/y' }, as);
  expect(await get('parallel/config')).toEqual({ max_parallel_missions: 2, running_count: 0 });

  expect(await start(a)).toEqual([200, JSON.stringify({ ok: true, mission_id: a })]);
  expect(await sentText()).toEqual(['go']);
  expect(await start(a)).toEqual([409, `Mission ${a} is already running`]);
  expect((await start(b))[0]).toBe(200);
  expect(await get('parallel/config')).toEqual({ max_parallel_missions: 2, running_count: 2 });
  expect(await get('parallel/config', bob)).toEqual({ max_parallel_missions: 2, running_count: 0 });
  expect(await start(c)).toEqual([409, expect.stringContaining('Maximum parallel missions (2) reached')]);
  expect((await get<MissionJson>(`missions/${c}`)).history).toEqual([]);
  expect(await start(c, 'go', bob)).toEqual([409, `Mission ${c} not found`]);
  expect(await start(crypto.randomUUID())).toEqual([409, expect.stringContaining('not found')]);
  expect(await start(c, '  ')).toEqual([400, 'content is required']);
  expect((await call('POST', `missions/${c}/parallel`, {}))[0]).toBe(422);
});

test('a parallel start repeated with its key is one start; without its server it is 503', async () => {
  const mission = await newMission();
  const start = (key: string, content: string) =>
    ada(`/api/control/missions/${mission}/parallel`, {
      method: 'POST',
      json: { content },
      headers: { 'Idempotency-Key': key },
    });

  const answers = await Promise.all([start('k', 'go'), start('k', 'go'), start('k', 'go')]);

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await get<MissionJson>(`missions/${mission}`)).history).toMatchObject([{ role: 'user', content: 'go' }]);
  expect((await start('k', 'else')).status).toBe(422);
  peer.close();
  await vi.waitFor(async () => expect(await connectedSince(host)).toBe(null));
  const other = await newMission();
  const away = await call('POST', `missions/${other}/parallel`, { content: 'go' });
  expect(away).toEqual([503, expect.stringContaining('away')]);
});

/** How often the log says that a message was edited. */
const edits = async (): Promise<number> => {
  const log = await watch(host, 'ada', { cursor: 'start' });
  await log.until(({ name }) => name === 'snapshot');
  return log.events.filter(({ name }) => name === 'message.edited').length;
};

/** A fresh session that has ended everything, on a server of its own. */
const reconnect = async (): Promise<void> => {
  await env.DB.prepare('DELETE FROM missions').run();
  await env.DB.prepare('DELETE FROM hosts').run();
  host = (await enrol()).id;
  peer = await dialHost(host);
  peer.send(hello('r1', { capabilities: { agents: null, working_dir: '/root', slots: 2 } }));
  await peer.next('welcome');
};
