import { env, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeEach, expect, test, vi } from 'vitest';
import { commandId, type MissionId } from '../../shared/ids.ts';
import { want } from '../../worker/host/effects/effects.ts';
import { noteFailure, noteSuccess } from '../../worker/host/effects/patience.ts';
import { trashMs } from '../../worker/host/missions/trash.ts';
import { nextDue, staleMissions } from '../../worker/host/upkeep/due.ts';
import { staleHours } from '../../worker/host/upkeep/stale.ts';
import { freshHost, host, inObject, newMission, object, owner, stub } from './fresh-host.ts';
import { batch, dialHost, hello } from './host-peer.ts';
import { turnRows } from './turn-rows.ts';
import { watch } from './viewer-peer.ts';

const hourMs = 3_600_000;

beforeEach(freshHost);

const say = async (mission: MissionId): Promise<string> => {
  const id = commandId.parse(crypto.randomUUID());
  await object().message(owner, { id, mission, content: 'hello', agent: null });
  return id;
};
/** As if nothing had happened to a mission for so long. */
const age = (mission: string, hours: number): Promise<void> =>
  inObject((sql) => {
    sql.exec('UPDATE missions SET updated_at = ? WHERE id = ?', Date.now() - hours * hourMs, mission);
  });
const alarmAt = (): Promise<number | null> => inObject((_sql, storage) => storage.getAlarm());
const statusOf = async (mission: string) => {
  const answer = await object().mission(owner, mission);
  return answer.ok && answer.value.status;
};
const rowOf = (mission: string) =>
  env.DB.prepare('SELECT status FROM missions WHERE id = ?').bind(mission).first('status');

test('an open mission without activity is closed by the alarm, and everybody is told why', async () => {
  const [old, fresh] = [await newMission(), await newMission()];
  await age(old, 25);
  await age(fresh, 23);
  const viewer = await watch(host, owner, { rendering: 'default' });

  expect(await runDurableObjectAlarm(stub())).toBe(true);

  const told = await viewer.until(({ name }) => name === 'mission_status_changed');
  expect(told.data).toMatchObject({
    mission_id: old,
    status: 'completed',
    summary: 'Auto-closed after 24 hours of inactivity',
  });
  expect([await statusOf(old), await statusOf(fresh)]).toEqual(['completed', 'active']);
  expect([await rowOf(old), await rowOf(fresh)]).toEqual(['completed', 'active']);
  const page = await object().events(owner, old, { types: ['mission_status_changed'], from: 1, limit: 10 });
  expect(page.ok && page.value.events).toMatchObject([{ content: expect.stringContaining('Auto-closed') }]);
});

test('an alarm that comes twice, or too early, closes nothing more', async () => {
  const [old, fresh] = [await newMission(), await newMission()];
  await age(old, 25);
  const viewer = await watch(host, owner);

  await runInDurableObject(stub(), async (instance) => {
    await instance.alarm();
    await instance.alarm();
    await instance.alarm();
  });

  await viewer.until(({ name }) => name === 'mission.status');
  expect((await watch(host, owner)).cursor()).toBe(viewer.cursor());
  expect(viewer.events.filter(({ name }) => name === 'mission.status')).toHaveLength(1);
  expect(await statusOf(fresh)).toBe('active');
});

test('a mission with a turn, with a waiting message or with another status is left alone', async () => {
  const [running, waiting, failed] = [await newMission(), await newMission(), await newMission()];
  const peer = await dialHost(host);
  peer.send(hello('r1', { capabilities: { agents: null, working_dir: '/root', slots: 1 } }));
  await peer.next('welcome');
  const command = await say(running);
  await peer.next('commands');
  const rows = turnRows(running, command, crypto.randomUUID());
  peer.send(batch('r1', 1, [rows.started]));
  await peer.next('ack');
  await say(waiting);
  await object().setStatus(owner, failed, 'failed');
  for (const mission of [running, waiting, failed]) await age(mission, 1_000);

  await runDurableObjectAlarm(stub());

  expect([await statusOf(running), await statusOf(waiting), await statusOf(failed)]).toEqual([
    'active',
    'active',
    'failed',
  ]);
  // The waiting message gets its slot. Had it been taken out of the queue, that would have counted as activity.
  peer.send(batch('r1', 2, [rows.ended('completed')]));
  expect((await peer.next('commands')).commands).toMatchObject([{ mission: waiting }]);
});

test('taking the last message out of the queue is activity', async () => {
  const mission = await newMission();
  const id = await say(mission);
  await age(mission, 1_000);

  await object().removeQueued(owner, id);
  await runDurableObjectAlarm(stub());

  expect(await statusOf(mission)).toBe('active');
});

test('the object is woken at the end of the hour in which the next mission is stale, and not at all when there is none', async () => {
  expect(await alarmAt()).toBeNull();
  const mission = await newMission();
  // The first one stands for what was owed to D1, in case the object is lost in the middle of it.
  await vi.waitFor(async () => expect(await runDurableObjectAlarm(stub())).toBe(true));
  const { updated_at } = await inObject((sql) => sql.exec<{ updated_at: number }>('SELECT * FROM missions').one());
  expect(await alarmAt()).toBe(Math.ceil((updated_at + 24 * hourMs) / hourMs) * hourMs);

  await object().setStatus(owner, mission, 'completed');
  await runDurableObjectAlarm(stub());

  expect(await alarmAt()).toBeNull();
});

test('one alarm serves everything that is due, the earliest first', async () => {
  const mission = await newMission();
  const now = Date.now();
  const due = (hours: number | null) => inObject((sql) => nextDue(sql, hours, trashMs(undefined)));
  expect(await due(24)).toBeGreaterThan(now + 23 * hourMs);
  expect(await due(null)).toBeNull();

  await inObject((sql) => {
    want(sql, 'server', '', 1);
    noteFailure(sql, now, new Error('D1 is away'));
  });
  expect(await due(24)).toBe(now + 500);
  await inObject((sql) => {
    noteSuccess(sql, now);
    sql.exec('DELETE FROM effects');
  });
  expect(await due(24)).toBeGreaterThan(now + 23 * hourMs);

  const peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
  const other = await newMission();
  const rows = turnRows(other, await say(other), crypto.randomUUID());
  await peer.next('commands');
  peer.send(batch('r1', 1, [rows.started, rows.ended('completed')]));
  await peer.next('ack');
  // The server is to be called quiet within a minute: that must not wait for the other mission's day.
  await vi.waitFor(async () => expect((await alarmAt()) ?? 0).toBeLessThan(Date.now() + 61_000));
  await runDurableObjectAlarm(stub());
  expect((await alarmAt()) ?? 0).toBeLessThan(Date.now() + 61_000);
  expect(await inObject((sql) => staleMissions(sql, 24, now + 25 * hourMs))).toEqual([mission]);
});

test.each([
  [undefined, 24],
  ['', 24],
  ['48', 48],
  ['0', null],
  ['soon', null],
  ['-1', null],
  ['1.5', null],
])('STALE_MISSION_HOURS=%s closes after %s hours', (text, hours) => {
  expect(staleHours(text)).toBe(hours);
});
