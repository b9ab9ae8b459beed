// The order of a conversation: a message stands where its turn starts, and one that waits stands last, marked as
// waiting.
import { env, runInDurableObject } from 'cloudflare:test';
import { beforeEach, expect, test } from 'vitest';
import type { MissionJson, StoredEventJson } from '../../shared/api.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { asUser, enrol, freshDirectory } from './edge.ts';
import { batch, dialHost, type HostPeer, hello } from './host-peer.ts';
import { turnRows } from './turn-rows.ts';
import { watch } from './viewer-peer.ts';

const ada = asUser('ada');
let host = '';
let peer: HostPeer;
let mission = '';
let n = 0;

beforeEach(async () => {
  await freshDirectory();
  host = (await enrol()).id;
  n = 0;
  await dial();
  mission = (await (await ada('/api/control/missions', { method: 'POST', json: {} })).json<MissionJson>()).id;
});

const dial = async (): Promise<void> => {
  peer = await dialHost(host);
  peer.send(hello('r1', { at: { run: 'r1', n } }));
  await peer.next('welcome');
};
const tell = async (...rows: object[]): Promise<void> => {
  peer.send(batch('r1', n + 1, rows));
  n += rows.length;
  await peer.next('ack');
};
const say = async (content: string) => {
  const sent = await ada('/api/control/message', { method: 'POST', json: { content, mission_id: mission } });
  const { id } = await sent.json<{ id: string }>();
  return { id, rows: turnRows(mission, id, crypto.randomUUID()) };
};
type Said = Awaited<ReturnType<typeof say>>;
const answers = ({ rows }: Said, text: string) => [
  rows.part,
  rows.closed(0, text, text.length),
  rows.ended('completed'),
];

const stored = async (query = ''): Promise<StoredEventJson[]> =>
  (await ada(`/api/control/missions/${mission}/events${query}`)).json();
const history = async () => (await (await ada(`/api/control/missions/${mission}`)).json<MissionJson>()).history;
/** Who says what, as a reload has it; a message that waits in brackets. */
const conversation = async (): Promise<string[]> => {
  const events = await stored();
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  const said = events.flatMap(({ event_type, content, metadata }) =>
    event_type === 'user_message' || event_type === 'assistant_message'
      ? [metadata.queued === true ? `[${content}]` : content]
      : [],
  );
  expect((await history()).map(({ content, queued }) => (queued ? `[${content}]` : content))).toEqual(said);
  return said;
};
/** The same as the apps are told it: a message has its place where it is announced as waiting no more. */
const told = (events: { name: string; data: Record<string, unknown> }[]): unknown[] =>
  events.flatMap(({ name, data }) =>
    (name === 'user_message' && data.queued === false) || name === 'assistant_message' ? [data.content] : [],
  );

test('a message has its place where its turn starts, one that waits comes last and is marked', async () => {
  const live = await watch(host, 'ada', { rendering: 'default' });
  const a = await say('A');
  await peer.next('commands');
  await tell(a.rows.started);
  const b = await say('B');
  const c = await say('C');
  expect(await conversation()).toEqual(['A', '[B]', '[C]']);

  await tell(...answers(a, 'answer A'));
  expect(await conversation()).toEqual(['A', 'answer A', '[B]', '[C]']);
  await tell(b.rows.started);
  expect(await conversation()).toEqual(['A', 'answer A', 'B', '[C]']);
  await tell(...answers(b, 'answer B'));
  await tell(c.rows.started, ...answers(c, 'answer C'));

  const whole = ['A', 'answer A', 'B', 'answer B', 'C', 'answer C'];
  expect(await conversation()).toEqual(whole);
  await live.until(({ data }) => data.content === 'answer C');
  expect(told(live.events)).toEqual(whole);
  const late = await watch(host, 'ada', { rendering: 'default', cursor: 'start' });
  await late.until(({ data }) => data.content === 'answer C');
  expect(told(late.events)).toEqual(whole);
  const log = await watch(host, 'ada', { cursor: 'start' });
  await log.until(({ name }) => name === 'snapshot');
  expect(log.events.filter(({ name }) => name === 'turn.started').map(({ data }) => data.content)).toEqual([
    'A',
    'B',
    'C',
  ]);
});

test('a message that never gets a turn stands where it ended, before what is said of it', async () => {
  const live = await watch(host, 'ada', { rendering: 'default' });
  const a = await say('A');
  await peer.next('commands');
  const b = await say('B');
  const failed = (command: string, text: string) => ({
    at: 1,
    mission,
    event: { type: 'command.finished', command, outcome: 'failed', text },
  });
  await tell(failed(a.id, 'no room for A'));
  await peer.next('commands');
  await tell(b.rows.started, ...answers(b, 'answer B'));

  const whole = ['A', 'no room for A', 'B', 'answer B'];
  expect(await conversation()).toEqual(whole);
  await live.until(({ data }) => data.content === 'answer B');
  expect(told(live.events)).toEqual(whole);
});

test('what was taken out of the queue is in no place, and leaves no hole', async () => {
  const a = await say('A');
  await peer.next('commands');
  await tell(a.rows.started);
  const b = await say('B');
  await say('C');
  expect((await ada(`/api/control/queue/${b.id}`, { method: 'DELETE' })).status).toBe(200);

  expect(await conversation()).toEqual(['A', '[C]']);
  const replayed = await watch(host, 'ada', { rendering: 'default', cursor: 'start' });
  await replayed.until(({ data }) => data.content === 'C');
  expect(JSON.stringify(replayed.events)).not.toContain('"B"');
});

test('a turn that was told twice, or of a message that this edge no longer has, shows one question and no other', async () => {
  const a = await say('A');
  await peer.next('commands');
  await tell(a.rows.started, a.rows.started);
  const gone = turnRows(mission, crypto.randomUUID(), crypto.randomUUID());
  await tell(...answers(a, 'answer A'), a.rows.started);
  await tell(gone.started, gone.part, gone.closed(0, 'answer to what?', 15), gone.ended('completed'));

  expect(await conversation()).toEqual([
    'A',
    'answer A',
    expect.stringContaining('The text of this message is lost'),
    'answer to what?',
  ]);
  const replayed = await watch(host, 'ada', { rendering: 'default', cursor: 'start' });
  await replayed.until(({ data }) => data.content === 'answer to what?');
  expect(told(replayed.events)).toEqual(await conversation());
});

test('pages of stored events go on into what waits, whatever begins between two of them', async () => {
  const a = await say('A');
  await peer.next('commands');
  await tell(a.rows.started);
  const long = 'x'.repeat(120_000);
  const waiting = [];
  for (let index = 0; index < 6; index++) waiting.push(await say(`${index} ${long}`));

  const all = await stored();
  expect(all.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(all.map(({ metadata }) => metadata.queued)).toEqual([false, true, true, true, true, true, true]);
  expect((await stored('?offset=3&limit=2')).map(({ sequence, content }) => [sequence, content[0]])).toEqual([
    [4, '2'],
    [5, '3'],
  ]);
  expect(await stored('?types=user_message&offset=5')).toEqual(all.slice(5));
  expect(await stored('?offset=7')).toEqual([]);

  const object = hostObject(env, host);
  const first = await object.events('ada', mission, { types: null, from: 1, limit: 500 });
  if (!first.ok || !first.value.next) throw new Error('there is no second page');
  await tell(...answers(a, 'answer A'));
  const [begun] = waiting;
  if (begun) await tell(begun.rows.started);
  const second = await object.events('ada', mission, { types: null, ...first.value.next, limit: 500 });
  const read = [first, second].flatMap((page) => (page.ok ? page.value.events : []));
  expect(read).toEqual(all);
});

test('a store of the version before is put in order when it is opened', async () => {
  const { migrate, migrations } = await import('../../worker/host/tables.ts');
  const stub = env.HOST.getByName(crypto.randomUUID());
  const old = (type: string, seq: number, sequence: number | null, more: object) =>
    [seq, 'm', sequence, seq, type, JSON.stringify({ type, ...more })] as const;
  const kept = (seq: number, sequence: number, command: string) =>
    old('message.kept', seq, sequence, { command, content: command, agent: null, queued: seq > 1 });
  const started = (seq: number, command: string) => old('turn.started', seq, null, { command, turn: `t${command}` });
  const ended = (seq: number, sequence: number, command: string) =>
    old('turn.ended', seq, sequence, { command, turn: `t${command}` });
  await runInDurableObject(stub, (_instance, { storage }) => {
    const { sql } = storage;
    for (const { name } of sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'",
      )
      .toArray())
      sql.exec(`DROP TABLE ${name}`);
    for (const statement of migrations.slice(0, 6).flat()) sql.exec(statement);
    sql.exec("INSERT INTO meta (key, value) VALUES ('schema', '6')");
    const rows = [
      kept(1, 1, 'A'),
      started(2, 'A'),
      kept(3, 2, 'B'),
      kept(4, 3, 'removed'),
      kept(5, 4, 'failed'),
      kept(6, 5, 'waits'),
      old('part.opened', 7, 6, { turn: 'tA', part: 'p', kind: 'text' }),
      old('mission.status', 8, 7, { status: 'completed', summary: null }),
      ended(9, 8, 'A'),
      old('mission.status', 10, 9, { status: 'active', summary: null }),
      started(11, 'B'),
      ended(12, 10, 'B'),
      old('command.finished', 13, 11, { command: 'failed', outcome: 'failed', text: 'no' }),
    ];
    for (const row of rows)
      sql.exec('INSERT INTO log (seq, mission, sequence, at, type, body) VALUES (?, ?, ?, ?, ?, ?)', ...row);
    for (const [id, state] of [
      ['A', 'finished'],
      ['B', 'finished'],
      ['removed', 'removed'],
      ['failed', 'failed'],
      ['waits', 'kept'],
    ] as const)
      sql.exec(
        "INSERT INTO commands (id, mission, state, at, content, clean, queued) VALUES (?, 'm', ?, 0, ?, 0, 1)",
        id,
        state,
        id,
      );

    migrate(sql);

    const shown = sql
      .exec<{ type: string; seq: number; sequence: number }>(
        'SELECT type, seq, sequence FROM log WHERE sequence IS NOT NULL ORDER BY sequence',
      )
      .toArray();
    expect(shown.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(shown.map(({ type, seq }) => `${seq} ${type}`)).toEqual([
      '2 turn.started',
      '7 part.opened',
      '8 mission.status',
      '9 turn.ended',
      '10 mission.status',
      '11 turn.started',
      '12 turn.ended',
      '5 message.kept',
      '13 command.finished',
    ]);
    expect(sql.exec("SELECT seq FROM commands WHERE id = 'waits'").one()).toEqual({ seq: 6 });
  });
});
