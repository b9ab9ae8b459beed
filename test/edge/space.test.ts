import { env, runInDurableObject } from 'cloudflare:test';
import { beforeEach, expect, test } from 'vitest';
import { commandId, type MissionId, missionId } from '../../shared/ids.ts';
import { maxEventBytes } from '../../shared/limits.ts';
import { sha256Hex } from '../../worker/digest.ts';
import { watchGrowth, watchSpace } from '../../worker/host/upkeep/space.ts';
import { countedRows } from './counted-rows.ts';
import { request } from './edge.ts';
import { freshHost, host, object, owner, stub } from './fresh-host.ts';
import { batch, dialHost, hello, row } from './host-peer.ts';
import { smallObjects } from './object-room.ts';
import { turnRows } from './turn-rows.ts';

beforeEach(freshHost);

const newMission = async () => {
  const id = missionId.parse(crypto.randomUUID());
  const made = await object().createMission({ id, owner, workspace: 'w', title: null, agent: null, model: null });
  return { id, made };
};
const notes = (): Promise<string[]> =>
  runInDurableObject(stub(), (_object, { storage }) =>
    storage.sql
      .exec<{ body: string }>("SELECT body FROM log WHERE type = 'host.note' AND mission IS NULL ORDER BY seq")
      .toArray()
      .map(({ body }) => JSON.parse(body).text),
  );
const full = () => env.DB.prepare('SELECT "full" FROM hosts WHERE id = ?').bind(host).first('full');
const big = (mission: MissionId) =>
  row(mission, { type: 'tool.result', tool_call_id: 'c', name: 'read', result: 'x'.repeat(200_000), failed: false });

test('at 80 % admins are told, at 95 % no new mission begins, and what runs ends well', async () => {
  smallObjects(12 * maxEventBytes);
  const peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
  const { id: mission } = await newMission();
  const command = commandId.parse(crypto.randomUUID());
  await object().message(owner, { id: command, mission, content: 'hello', agent: null });
  await peer.next('commands');
  const rows = turnRows(mission, command, crypto.randomUUID());
  peer.send(batch('r1', 1, [rows.started]));
  await peer.next('ack');
  expect(await notes()).toEqual([]);

  let next = 2;
  const grow = async (): Promise<void> => {
    peer.send(batch('r1', next++, [big(mission)]));
    await peer.next('ack');
  };
  while ((await notes()).length === 0) await grow();
  expect(await notes()).toEqual([expect.stringContaining('80 % full')]);
  expect((await newMission()).made).toMatchObject({ ok: true });
  while ((await notes()).length === 1) await grow();

  expect((await notes())[1]).toContain('95 % full: no new mission begins');
  expect((await newMission()).made).toMatchObject({
    ok: false,
    code: 'too_large',
    message: expect.stringMatching(/^The log of this server is 9\d % full, so no new mission begins there/),
  });
  peer.send(batch('r1', next, [rows.ended('completed', 'Done.')]));
  await peer.next('ack');
  const read = await object().mission(owner, mission);
  expect(read.ok && read.value.status).toBe('completed');
  await expect.poll(full).toBe(95);
  const state = async (secret: string) =>
    request('/api/host/state', { headers: { Authorization: `Bearer ${host}.${secret}` } });
  expect((await state('not the credential')).status).toBe(401);
  await env.DB.prepare('UPDATE hosts SET credential_sha256 = ? WHERE id = ?').bind(sha256Hex('secret'), host).run();
  expect(await (await state('secret')).json()).toEqual({ log_full: 95 });
});

test('a log that is smaller again is no more called full, and what goes up and down is told once', async () => {
  await newMission();
  const steps = await runInDurableObject(stub(), (_object, { storage }) => {
    const { host: context } = countedRows(storage, () => Date.now());
    const at = (percent: number): number =>
      storage.transactionSync(
        () =>
          watchSpace({ ...context, sql: storage.sql, roomBytes: (100 * storage.sql.databaseSize) / percent }).length,
      );
    return [50, 81, 79, 81, 96, 92, 96, 70, 81].map(at);
  });

  expect(steps).toEqual([0, 1, 0, 0, 1, 0, 0, 0, 1]);
});

test('the size is asked for once in as many rows as could be a thousandth of the room, and by the first frame', async () => {
  await newMission();
  const looks = await runInDurableObject(stub(), (_object, { storage }) => {
    const { host: context } = countedRows(storage, () => Date.now());
    const inside = { ...context, sql: storage.sql, roomBytes: 4_000 * maxEventBytes };
    let asked = 0;
    Object.defineProperty(storage.sql, 'databaseSize', { get: () => ++asked, configurable: true });
    return Array.from({ length: 9 }, () => {
      const event = { type: 'host.note' as const, code: 'odd', text: 'a row' };
      storage.transactionSync(() => context.log.append(null, null, Date.now(), event));
      watchGrowth(inside);
      return asked;
    });
  });

  expect(looks).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3]);
});
