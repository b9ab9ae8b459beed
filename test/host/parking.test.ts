import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { bringBack } from '../../host-agent/missions/parking/bring-back.ts';
import { park } from '../../host-agent/missions/parking/park.ts';
import { type ParkedFiles, parkedFiles } from '../../host-agent/missions/parking/parked-files.ts';
import { parkingLimits } from '../../host-agent/missions/parking/parking.ts';
import type { Client } from '../../host-agent/opencode/api/client.ts';
import type { StoredRow } from '../../host-agent/opencode/api/events.ts';
import { type MissionId, missionId } from '../../shared/ids.ts';
import { deputy, startLab } from '../support/lab.ts';
import type { MissionHost } from '../support/mission-host.ts';
import { optionsFor, say, startHost, texts } from '../support/mission-lab.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  lab = await startLab({ config: deputy });
});
afterAll(() => lab.close());

/** What OpenCode has stored of these sessions, as it came. */
const stored = async (client: Client, ...sessions: string[]): Promise<Map<string, StoredRow[]>> => {
  const rows = new Map<string, StoredRow[]>(sessions.map((id) => [id, []]));
  await client.history({}, (row) => rows.get(row.aggregate_id)?.push(row));
  return rows;
};

const sessionOf = (host: MissionHost, mission: MissionId): string => host.store.missions.get(mission)?.session ?? '';

/** Runs a message of this text to its end; with the id of a mission, in that one. */
const run = async (host: MissionHost, text: string, mission?: MissionId) => {
  const command = say(text, mission === undefined ? {} : { mission });
  host.give(command);
  host.dispatch.welcome();
  expect(await host.ended(command.id)).toMatchObject({ outcome: 'completed' });
  return command;
};

/** Lets all missions rest at once, and waits until the oldest of them are parked. */
const rest = async (host: MissionHost): Promise<void> => {
  const before = host.lines.filter((line) => line.includes('missions.parked')).length;
  host.dispatch.renew();
  await vi.waitFor(() =>
    expect(host.lines.filter((line) => line.includes('missions.parked')).length).toBeGreaterThan(before),
  );
  await host.parking.look();
};

const helper = 'TOOL task {"description":"Ask","prompt":"SAY Deep.","subagent_type":"general"}';

test('a mission that rests leaves the history of OpenCode with its sub-agents, and comes back with its next message as it was', async () => {
  const options = optionsFor(lab.openCode, { parkingLimits: { ...parkingLimits, most: 0, stay: 0 } });
  const host = startHost(options);
  const { mission } = await run(host, `${helper}\nSAY First.`);
  const root = sessionOf(host, mission);
  const child = (await host.client.listAllSessions()).find(({ parentID }) => parentID === root)?.id ?? '';
  const before = await stored(host.client, root, child);
  expect(before.get(child)).not.toEqual([]);

  await rest(host);
  expect(await host.client.getSession(root)).toBeNull();
  expect([...(await stored(host.client, root, child)).values()]).toEqual([[], []]);
  const [file] = readdirSync(join(options.dir, 'parked'));
  expect(file).toBe(`${mission}.jsonl.gz`);
  expect(statSync(join(options.dir, 'parked', file ?? '')).mode & 0o777).toBe(0o600);

  await run(host, 'SAY Second.', mission);
  const after = await stored(host.client, root, child);
  expect(after.get(child)).toEqual(before.get(child));
  expect(after.get(root)?.slice(0, before.get(root)?.length)).toEqual(before.get(root));
  expect(sessionOf(host, mission)).toBe(root);
  expect(texts(host, mission)).toEqual(['Deep.', 'First.', 'Second.']);
  const places = host.rows(mission).flatMap(({ src }) => (src ? [`${src.session} ${src.seq} ${src.index}`] : []));
  expect(places).toEqual([...new Set(places)]);
  // The model is told the whole conversation, not only the last message.
  expect(lab.model.requests.at(-1)?.messagesCount).toBe(6);
  expect(readdirSync(join(options.dir, 'parked'))).toEqual([]);
});

test('of missions that come one after the other only the last few keep their instance: the others rest, and are parked', async () => {
  const options = optionsFor(lab.openCode, { parkingLimits: { most: 0, stay: 0, idle: 1 } });
  const host = startHost(options);
  const missions: MissionId[] = [];
  for (const text of ['SAY One.', 'SAY Two.', 'SAY Three.']) missions.push((await run(host, text)).mission);

  const rested = missions.slice(0, 2).map((mission) => `${mission}.jsonl.gz`);
  await vi.waitFor(() => expect(readdirSync(join(options.dir, 'parked')).toSorted()).toEqual(rested.toSorted()));
  expect(await host.client.getSession(sessionOf(host, missions[2] ?? missionId.parse('')))).not.toBeNull();
  await run(host, 'SAY One again.', missions[0]);
  expect(texts(host, missions[0] ?? missionId.parse(''))).toEqual(['One.', 'One again.']);
});

test('only the missions that rested longest go, and none that is at work', async () => {
  const host = startHost(optionsFor(lab.openCode, { parkingLimits: { ...parkingLimits, most: 2, stay: 2 } }));
  const away = (await host.client.listAllSessions()).map(({ id }) => id);
  // A sub-agent's goes with the session that it is of.
  for (const id of away) if (await host.client.getSession(id)) await host.client.deleteSession(id);
  const working = say('WAIT at-work\nSAY Done.');
  host.give(working);
  host.dispatch.welcome();
  await lab.model.reached('at-work');
  const [oldest, older, newest] = [await run(host, 'SAY 1.'), await run(host, 'SAY 2.'), await run(host, 'SAY 3.')];

  await rest(host);
  const left = (await host.client.listAllSessions()).map(({ id }) => id).sort();
  expect(left).toEqual([sessionOf(host, working.mission), sessionOf(host, newest.mission)].sort());
  expect(await host.client.getSession(sessionOf(host, oldest.mission))).toBeNull();
  expect(await host.client.getSession(sessionOf(host, older.mission))).toBeNull();

  lab.model.release('at-work');
  expect(await host.ended(working.id)).toMatchObject({ outcome: 'completed' });
});

/** A mission with a conversation, and files for it that nobody else uses. */
const rested = async () => {
  const options = optionsFor(lab.openCode);
  const host = startHost(options);
  const { mission } = await run(host, 'SAY Kept.');
  const files = parkedFiles(join(options.dir, 'parked'));
  await files.prepare();
  const record = host.store.missions.get(mission);
  if (!record) throw new Error('the mission has no record');
  const path = files.pathOf(mission);
  return {
    host,
    mission,
    files,
    record,
    path,
    before: (await stored(host.client, record.session)).get(record.session),
  };
};
type Rested = Awaited<ReturnType<typeof rested>>;

const leave = async (_: MissionId, step: () => Promise<void>): Promise<boolean> => {
  await step();
  return true;
};
const parkNow = async (client: Client, files: ParkedFiles, resting: Rested['record'][], go = leave) =>
  park(client, files, { sessions: await client.listAllSessions(), resting }, go);
const historyOf = async ({ host, record }: Rested): Promise<StoredRow[] | undefined> =>
  (await stored(host.client, record.session)).get(record.session);

test('killed at any step, a history is in OpenCode or in its file, and is brought back whole', async () => {
  const each = await rested();
  const { host, files, mission, record, before, path } = each;
  const killed = new Error('killed');

  // Before the session is deleted.
  const beforeDeletion: Client = { ...host.client, deleteSession: () => Promise.reject(killed) };
  await expect(parkNow(beforeDeletion, files, [record])).rejects.toThrow(killed);
  expect(existsSync(path)).toBe(true);
  await bringBack(host.client, files, mission);
  expect(await historyOf(each)).toEqual(before);

  // In the middle of coming back.
  expect(await parkNow(host.client, files, [record])).toBe(1);
  expect(await historyOf(each)).toEqual([]);
  let portions = 0;
  const inTheMiddle: Client = {
    ...host.client,
    storeAgain: async (directory, rows) => {
      if (portions++ === 0) await host.client.storeAgain(directory, rows.slice(0, 5));
      throw killed;
    },
  };
  await expect(bringBack(inTheMiddle, files, mission)).rejects.toThrow('is kept in');
  expect(await historyOf(each)).toHaveLength(5);
  await bringBack(host.client, files, mission);
  expect(await historyOf(each)).toEqual(before);
  expect(existsSync(path)).toBe(false);
});

test('what is half written, has a hole, or is wanted again stays in OpenCode', async () => {
  const each = await rested();
  const { host, files, record, before, path } = each;
  const withHole: Client = {
    ...host.client,
    history: (after, take) => host.client.history(after, (row, text) => (row.seq === 3 ? undefined : take(row, text))),
  };
  expect(await parkNow(withHole, files, [record])).toBe(0);
  expect(await parkNow(host.client, files, [record], async () => false)).toBe(0);
  const fullDisk: ParkedFiles = {
    ...files,
    begin: (...given) => ({ ...files.begin(...given), done: () => Promise.reject(new Error('ENOSPC')) }),
  };
  await expect(parkNow(host.client, fullDisk, [record])).rejects.toThrow('ENOSPC');

  expect(await historyOf(each)).toEqual(before);
  expect(existsSync(path)).toBe(false);
  writeFileSync(`${path}.begun`, 'half');
  await files.prepare();
  expect(existsSync(`${path}.begun`)).toBe(false);
});

test('a message whose parked conversation is damaged fails and says where it is kept, and nothing is removed', async () => {
  const { host, files, mission, record, path } = await rested();
  host.dispatch.renew();
  await vi.waitFor(() => expect(host.dispatch.isResting(mission)).toBe(true));
  expect(await parkNow(host.client, files, [record])).toBe(1);
  writeFileSync(path, 'no history');

  const command = say('SAY Lost?', { mission });
  host.give(command);
  expect(await host.ended(command.id)).toMatchObject({ outcome: 'failed', text: expect.stringContaining(path) });
  expect(existsSync(path)).toBe(true);
});

test('with a thousand other sessions in OpenCode a turn is still attached to, and nothing of it is missing', async () => {
  const directory = lab.missionDirectory('a thousand');
  for (let made = 0; made < 1_000; made += 50)
    await Promise.all(Array.from({ length: 50 }, () => lab.createSession(directory, randomUUID())));
  const options = optionsFor(lab.openCode);
  const first = startHost(options);
  const command = say('SAY Before.\nWAIT thousand\nSAY After.');
  first.give(command);
  first.dispatch.welcome();
  await lab.model.reached('thousand');
  await first.drop();

  const second = startHost(options);
  second.dispatch.welcome();
  lab.model.release('thousand');
  expect(await second.ended(command.id)).toMatchObject({ outcome: 'completed' });
  expect(texts(second, missionId.parse(command.mission))).toEqual(['Before.After.']);
});
