import { env, evictDurableObject } from 'cloudflare:test';
import { beforeEach, expect, test, vi } from 'vitest';
import { commandId, type MissionId, missionId } from '../../shared/ids.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { batch, connectedSince, dialHost, enrolHost, type HostPeer, hello } from './host-peer.ts';
import { turnRows } from './turn-rows.ts';
import { watch } from './viewer-peer.ts';

let host = '';
beforeEach(async () => {
  host = crypto.randomUUID();
  await enrolHost(host);
});

const object = () => hostObject(env, host);
const capabilities = (slots?: number) => ({ agents: null, working_dir: '/root', ...(slots ? { slots } : {}) });
const newMission = async (owner = 'alice'): Promise<MissionId> => {
  const id = missionId.parse(crypto.randomUUID());
  await object().createMission({ id, owner, workspace: 'w', title: null, agent: null, model: null });
  return id;
};
/** As lists of servers say. */
const slots = () => env.DB.prepare('SELECT slots FROM hosts WHERE id = ?').bind(host).first<number>('slots');
const say = async (mission: MissionId, content: string, owner = 'alice') => {
  const id = commandId.parse(crypto.randomUUID());
  const answer = await object().message(owner, { id, mission, content, agent: null });
  return { id, queued: answer.ok && answer.value.queued };
};

/** A server with this many slots that does what it is sent, and ends a turn when it is told to. */
const server = async (slots: number | undefined, run = 'r1', more: object = {}) => {
  const peer: HostPeer = await dialHost(host);
  peer.send(hello(run, { capabilities: capabilities(slots), ...more }));
  const welcome = await peer.next('welcome');
  let n = 0;
  const running = new Map<string, ReturnType<typeof turnRows>>();
  const turns = new Map<string, string>();
  const rows = async (...items: object[]): Promise<void> => {
    peer.send(batch(run, n + 1, items));
    n += items.length;
    await peer.next('ack');
  };
  return {
    peer,
    welcome,
    n: () => n,
    turn: (mission: string) => turns.get(mission),
    /** The texts of the next messages sent here, whose turns it begins. */
    begins: async (): Promise<string[]> => {
      const { commands } = await peer.next('commands');
      for (const { id, mission } of commands) {
        if (mission === null) continue;
        const turn = crypto.randomUUID();
        turns.set(mission, turn);
        running.set(mission, turnRows(mission, id, turn));
      }
      await rows(...commands.map(({ mission }) => running.get(mission ?? '')?.started ?? {}));
      return commands.map(({ args }) => (args as { content: string }).content);
    },
    ends: async (mission: string, outcome = 'completed'): Promise<void> => {
      await rows(running.get(mission)?.ended(outcome) ?? {});
      running.delete(mission);
    },
  };
};

const states = async (owner = 'alice') =>
  Object.fromEntries((await object().running(owner)).map(({ mission_id, state }) => [mission_id, state]));

test('no more missions work than there are slots; the rest waits visibly and in order, and a freed slot is filled at once', async () => {
  const [a, b, c, d] = [await newMission(), await newMission(), await newMission(), await newMission()];
  const its = await server(2);
  expect((await say(a, 'a')).queued).toBe(false);
  expect(await its.begins()).toEqual(['a']);
  expect((await say(b, 'b')).queued).toBe(false);
  expect(await its.begins()).toEqual(['b']);
  const viewer = await watch(host, 'alice', { rendering: 'default' });

  const waiting = await say(c, 'c');
  expect(waiting.queued).toBe(true);
  expect((await say(d, 'd')).queued).toBe(true);

  const shown = await viewer.until(({ data }) => data.id === waiting.id);
  expect(shown).toMatchObject({ name: 'user_message', data: { queued: true, mission_id: c } });
  expect(await states()).toEqual({ [a]: 'running', [b]: 'running', [c]: 'queued', [d]: 'queued' });
  expect((await object().queued('alice', null)).list.map(({ content }) => content)).toEqual(['c', 'd']);
  expect((await object().queued('alice', d)).list).toMatchObject([{ content: 'd', mission_id: d }]);

  await its.ends(b);
  expect(await its.begins()).toEqual(['c']);
  expect((await viewer.until(({ data }) => data.id === waiting.id && data.queued === false)).name).toBe('user_message');
  await object().cancel('alice', a);
  await its.peer.next('interrupt');
  await its.ends(a, 'cancelled');
  expect(await its.begins()).toEqual(['d']);
  await its.ends(c);
  await its.ends(d);
  expect(await states()).toEqual({});
});

test('a message behind its own mission holds no slot and keeps none from others', async () => {
  const [a, b] = [await newMission(), await newMission()];
  const its = await server(2);
  await say(a, 'a1');
  await its.begins();
  expect((await say(a, 'a2')).queued).toBe(true);

  expect((await say(b, 'b')).queued).toBe(false);
  expect(await its.begins()).toEqual(['b']);
  await its.ends(a);
  expect(await its.begins()).toEqual(['a2']);
});

test('many missions of one user do not keep the one of another waiting', async () => {
  const mine = [await newMission(), await newMission(), await newMission(), await newMission()];
  const theirs = await newMission('bob');
  const its = await server(2);
  for (const [index, mission] of mine.entries()) await say(mission, `alice ${index}`);
  expect([...(await its.begins()), ...(await its.begins())]).toEqual(['alice 0', 'alice 1']);
  await say(theirs, 'bob', 'bob');

  await its.ends(mine[0] ?? '');
  expect(await its.begins()).toEqual(['bob']);
  await its.ends(mine[1] ?? '');
  expect(await its.begins()).toEqual(['alice 2']);
  await its.ends(theirs);
  expect(await its.begins()).toEqual(['alice 3']);
});

test('with a single slot users take turns, whoever has more in the line', async () => {
  const mine = [await newMission(), await newMission(), await newMission()];
  const theirs = [await newMission('bob'), await newMission('bob')];
  const its = await server(1);
  for (const [index, mission] of mine.entries()) await say(mission, `alice ${index}`);
  for (const [index, mission] of theirs.entries()) await say(mission, `bob ${index}`, 'bob');

  const order = [mine[0], theirs[0], mine[1], theirs[1], mine[2]];
  const begun: string[] = [];
  for (const mission of order) {
    begun.push(...(await its.begins()));
    await evictDurableObject(env.HOST.getByName(host));
    await its.ends(mission ?? '');
  }
  expect(begun).toEqual(['alice 0', 'bob 0', 'alice 1', 'bob 1', 'alice 2']);
});

test('order, slots and who holds them survive the eviction of the object and a new session of the server', async () => {
  const [a, b, c] = [await newMission(), await newMission(), await newMission()];
  const its = await server(1);
  await say(a, 'a');
  await its.begins();
  await say(b, 'b');
  await say(c, 'c');
  await evictDurableObject(env.HOST.getByName(host));

  await vi.waitFor(async () => expect([await slots(), await object().working('alice')]).toEqual([1, 1]));
  expect(await states()).toEqual({ [a]: 'running', [b]: 'queued', [c]: 'queued' });
  its.peer.close();
  const lost = await server(1, 'r2', { commands: [], at: { run: 'r1', n: its.n() } });
  // Its store was replaced and it does not know the turn: that is its end, and the slot goes to the next in line.
  expect(lost.welcome.commands).toEqual([]);
  expect(await lost.begins()).toEqual(['b']);
  expect(lost.peer.order.filter((type) => type === 'commands')).toHaveLength(1);
});

test('an agent that says no number gets a safe one, and a later number counts at once', async () => {
  const missions = await Promise.all(Array.from({ length: 7 }, () => newMission()));
  const its = await server(undefined);
  await vi.waitFor(async () => expect([await slots(), await object().working('alice')]).toEqual([4, 0]));
  const begun: string[] = [];
  for (const [index, mission] of missions.entries()) {
    const { queued } = await say(mission, `${index}`);
    expect(queued).toBe(index >= 4);
    if (!queued) begun.push(...(await its.begins()));
  }
  expect(begun).toEqual(['0', '1', '2', '3']);

  its.peer.send({ type: 'capabilities', ...capabilities(6) });
  expect(await its.begins()).toEqual(['4', '5']);
  its.peer.send({ type: 'capabilities', ...capabilities(1) });
  await vi.waitFor(async () => expect([await slots(), await object().working('alice')]).toEqual([1, 6]));
  for (const mission of missions.slice(0, 5)) await its.ends(mission);
  expect((await object().queued('alice', null)).list).toHaveLength(1);
  await its.ends(missions[5] ?? '');
  expect(await its.begins()).toEqual(['6']);
});

test('a turn ended at the edge while its server was away keeps its slot until the server has ended it', async () => {
  const [a, b] = [await newMission(), await newMission()];
  const its = await server(1);
  const { id: command } = await say(a, 'a');
  await its.begins();
  its.peer.close();
  await vi.waitFor(async () => expect(await connectedSince(host)).toBe(null));
  await object().cancel('alice', a);
  expect((await say(b, 'b')).queued).toBe(true);

  const turn = its.turn(a);
  const live = { mission: a, command, turn, state: 'stopping', since: 1, last_activity: 1 };
  const back = await server(1, 'r2', {
    commands: [command],
    turns: [live],
    at: { run: 'r1', n: its.n() },
    capabilities: { ...capabilities(1), working_dir: '/again' },
  });
  expect(back.welcome.ended_turns).toEqual([turn]);
  // The directory is told at the end of a hello, just before what may start is sent.
  await vi.waitFor(async () => expect(await directoryRow()).toMatchObject({ working_dir: '/again' }));
  expect((await object().queued('alice', null)).list).toHaveLength(1);
  back.peer.send({ type: 'turns', turns: [], at: { run: 'r2', n: 0 } });
  expect(await back.begins()).toEqual(['b']);
});

test('cancelling a mission that waits for a slot ends its wait, and its message is never sent', async () => {
  const [a, b, c] = [await newMission(), await newMission(), await newMission()];
  const its = await server(1);
  await say(a, 'a');
  await its.begins();
  await say(b, 'b');
  await say(c, 'c');
  const viewer = await watch(host, 'alice', { rendering: 'default' });

  expect(await object().cancel('alice', b)).toEqual({ ok: true, value: null });

  const answer = await viewer.until(({ name }) => name === 'assistant_message');
  expect(answer.data).toMatchObject({ mission_id: b, success: false, content: 'Task cancelled', resumable: true });
  expect(await states()).toEqual({ [a]: 'running', [c]: 'queued' });
  expect(await object().cancel('alice', b)).toMatchObject({ ok: false, code: 'not_found' });
  expect(await object().cancelMain('alice', c)).toEqual({ ok: true, value: true });
  await its.ends(a);
  expect(await object().mission('alice', b)).toMatchObject({ value: { status: 'interrupted', resumable: true } });
  its.peer.close();
  const again = await server(1, 'r2', { at: { run: 'r1', n: its.n() } });
  expect([again.welcome.interrupts, again.welcome.commands]).toEqual([[], []]);
  expect(its.peer.order.filter((type) => type === 'interrupt')).toEqual([]);
});

test('a mission of a server that is away is in the queue, and not among those that run', async () => {
  const mission = await newMission();
  await say(mission, 'later');

  expect(await states()).toEqual({});
  expect((await object().queued('alice', null)).list).toHaveLength(1);
  expect(await object().cancel('alice', mission)).toMatchObject({ ok: false, code: 'not_found' });
});

const directoryRow = () => env.DB.prepare('SELECT * FROM hosts WHERE id = ?').bind(host).first();
