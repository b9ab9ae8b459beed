import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { beforeEach, expect, test } from 'vitest';
import { commandId, type MissionId, missionId } from '../../shared/ids.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { batch, dialHost, enrolHost, hello } from './host-peer.ts';
import { countReads, type Read } from './read-rows.ts';
import { turnRows } from './turn-rows.ts';
import { watch } from './viewer-peer.ts';

let host = '';
beforeEach(async () => {
  host = crypto.randomUUID();
  await enrolHost(host);
});

const object = () => hostObject(env, host);
const newMission = async (owner: string): Promise<MissionId> => {
  const id = missionId.parse(crypto.randomUUID());
  await object().createMission({ id, owner, workspace: 'w', title: 'a mission', agent: null, model: null });
  return id;
};
const say = (mission: MissionId, owner: string) =>
  object().message(owner, { id: commandId.parse(crypto.randomUUID()), mission, content: 'go on', agent: null });

const slots = { capabilities: { agents: null, working_dir: '/root', slots: 8 } };

/** A server on which a turn of each of the two users runs. */
const busyServer = async () => {
  let n = 0;
  const received: string[] = [];
  const dial = async (more: object = {}) => {
    const peer = await dialHost(host);
    peer.send(hello('r1', { ...slots, ...more }));
    await peer.next('welcome');
    return peer;
  };
  let peer = await dial();
  const send = async (items: object[]): Promise<void> => {
    peer.send(batch('r1', n + 1, items));
    n += items.length;
    await peer.next('ack');
  };
  const begin = async (owner: string) => {
    const mission = await newMission(owner);
    await say(mission, owner);
    const [command] = (await peer.next('commands')).commands;
    const rows = turnRows(mission, command?.id ?? '', crypto.randomUUID());
    await send([rows.started, rows.part]);
    return { mission, command, rows };
  };
  const [mallory, alice] = [await begin('mallory'), await begin('alice')];
  const redial = async (): Promise<void> => {
    const turns = [mallory, alice].map(({ command, mission, rows }) => ({
      mission,
      command: command?.id,
      turn: rows.turn,
      state: 'running',
      since: 1,
      last_activity: 1,
    }));
    const commands = [...turns.map(({ command }) => command), ...received];
    peer = await dial({ commands, turns, at: { run: 'r1', n }, welcomed_run: 'r1' });
  };
  /** Takes in what was sent, up to a message of one of these missions. */
  const receive = async (missions: readonly string[]): Promise<void> => {
    for (;;) {
      const { commands } = await peer.next('commands');
      received.push(...commands.map(({ id }) => id));
      if (commands.some(({ mission }) => missions.includes(mission ?? ''))) break;
    }
    peer.send({ type: 'received', ids: received });
  };
  return { mallory, alice, send, redial, receive };
};

/** Long messages of one user, which wait in these missions. */
const backlog = (missions: readonly MissionId[], count: number): Promise<void> =>
  runInDurableObject(env.HOST.getByName(host), (_instance, { storage: { sql } }) => {
    for (let each = 0; each < count; each += 1) {
      sql.exec(
        "INSERT INTO commands (id, mission, state, at, content, clean, queued) VALUES (?, ?, 'kept', 0, ?, 0, 1)",
        crypto.randomUUID(),
        missions[each % missions.length] ?? '',
        'x'.repeat(16 * 1024),
      );
    }
  });

test.each([
  { count: 400, idle: 0 },
  { count: 2_000, idle: 0 },
  { count: 2_000, idle: 100 },
])(
  '$count waiting messages of one user in a busy mission and $idle others make nothing dearer for another',
  async ({ count, idle }) => {
    const its = await busyServer();
    const reads = await countReads(env.HOST.getByName(host));
    const costs = async (): Promise<Record<string, Read>> => {
      const mission = await newMission('alice');
      const cost: Record<string, Read> = {};
      const measured = async (name: string, what: () => Promise<unknown>): Promise<void> => {
        reads.take();
        await what();
        cost[name] = reads.take();
      };
      await measured('batch', () => its.send([its.alice.rows.called]));
      await measured('another batch', () => its.send([its.alice.rows.result]));
      await measured('message', () => say(mission, 'alice'));
      await measured('join', async () => (await watch(host, 'alice')).close());
      await measured('running', () => object().running('alice'));
      await measured('queue', () => object().queued('alice'));
      await measured('cancel', () => object().cancel('alice', mission));
      await measured('hello', () => its.redial());
      return cost;
    };
    await costs();
    const before = await costs();
    const others: MissionId[] = [];
    for (let each = 0; each < idle; each += 1) others.push(await newMission('mallory'));
    await backlog([its.mallory.mission, ...others], count);
    // What can start takes the slots that are free, and has arrived.
    await its.send([its.mallory.rows.called]);
    if (idle > 0) await its.receive(others);

    const after = await costs();

    for (const [name, { rows, chars }] of Object.entries(after)) {
      const alone = before[name] ?? { rows: 0, chars: 0 };
      expect.soft(rows, `rows read: ${name}, alone ${alone.rows}`).toBeLessThanOrEqual(alone.rows + 400 + 5 * idle);
      expect.soft(chars, `text read: ${name}, alone ${alone.chars}`).toBeLessThanOrEqual(alone.chars + 16_384);
    }
  },
);

test('an object with every quota full starts with a look at next to nothing, and serves everybody', async () => {
  const missions: string[] = Array.from({ length: 10_000 }, () => crypto.randomUUID());
  const stub = env.HOST.getByName(host);
  const mission = await newMission('alice');
  await runInDurableObject(stub, (_instance, { storage }) => {
    const { sql } = storage;
    storage.transactionSync(() => {
      for (const id of missions)
        sql.exec(
          "INSERT INTO missions (id, owner, workspace, status, created_at, updated_at) VALUES (?, 'mallory', 'w', 'active', 1, 1)",
          id,
        );
      for (let each = 0; each < 500; each += 1)
        sql.exec(
          "INSERT INTO commands (id, mission, state, at, content, clean, queued) VALUES (?, ?, 'kept', 0, ?, 0, 1)",
          crypto.randomUUID(),
          missions[each] ?? '',
          'x'.repeat(32 * 1024),
        );
      // D1 has all of it.
      sql.exec('DELETE FROM effects');
      sql.exec("UPDATE usage SET log_bytes = 2147483648 WHERE owner = 'mallory'");
    });
  });
  await evictDurableObject(stub);
  const reads = await countReads(stub);

  expect(await say(mission, 'alice')).toMatchObject({ ok: true });
  const first = reads.take();
  expect(await say(await newMission('alice'), 'alice')).toMatchObject({ ok: true });
  const again = reads.take();

  expect(await say(missionId.parse(missions[0]), 'mallory')).toMatchObject({ ok: false, code: 'too_many' });
  expect(first.chars).toBeLessThan(100_000);
  expect(again.chars).toBeLessThan(10_000);
  expect(again.rows, 'rows read for two ordinary requests').toBeLessThan(1_000);
  expect(await object().running('alice')).toEqual([]);
  expect(await object().usage('mallory')).toMatchObject({ missions: 10_000, waiting_messages: 500 });
});
