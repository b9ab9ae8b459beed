// A bucket that never answers: it holds up nothing, is asked again, and admins hear of it.
import { runDurableObjectAlarm } from 'cloudflare:test';
import { beforeEach, expect, test } from 'vitest';
import { backgroundEnded } from './background.ts';
import { freshHost, host, inObject, newMission, object, owner, stub } from './fresh-host.ts';
import { letDueCome, objectClock, objectsAhead } from './object-clock.ts';
import { bindArchive, objectsArchive } from './objects-archive.ts';
import { admin, contents, events, leave, oldMission } from './retention-setup.ts';
import { watch } from './viewer-peer.ts';

beforeEach(freshHost);

const archived = { archived: true };
/** So long an answer of the bucket is waited for. */
const waitedMs = 30_000;
/** What admins were told. */
const notes = (): Promise<string[]> =>
  inObject((sql) =>
    sql
      .exec<{ body: string }>("SELECT body FROM log WHERE type = 'host.note' AND mission IS NULL ORDER BY seq")
      .toArray()
      .map(({ body }) => JSON.parse(body).text),
  );
/** Nothing is tried again later than after this. */
const longestWaitMs = 15 * 60_000;

test('a bucket that never answers is waited for so long, holds up nothing, and is asked again', async () => {
  bindArchive();
  const { mission, before, turn } = await oldMission();
  objectsArchive.is = 'hanging';
  await runDurableObjectAlarm(stub());
  expect(objectsArchive.asked).toEqual(['put']);

  // It waits, and meanwhile there is everything else, and no second one that waits.
  await turn(mission, 'new');
  expect((await contents(mission)).join()).toContain('new answered');
  // As long as several slow answers may take.
  objectsAhead(5 * waitedMs);
  await runDurableObjectAlarm(stub());
  expect(objectsArchive.asked).toEqual(['put']);
  const next = await inObject((_sql, storage) => storage.getAlarm());
  expect(next).toBeGreaterThan(objectClock.now() + 1_000);
  await object().deleteMission(owner, await newMission());

  await inObject(() => letDueCome(host));
  await backgroundEnded();
  expect((await events(mission)).slice(0, before.length)).toEqual(before);
  objectsArchive.is = 'there';
  objectsAhead(2_000);
  await leave();

  expect((await events(mission, archived)).slice(0, before.length)).toEqual(before);
  expect(await contents(mission)).toContainEqual(expect.stringContaining('no longer kept here'));
});

test('one that goes on like that is asked something small before it is given a text again, and admins are told', async () => {
  bindArchive();
  const { mission, before } = await oldMission();
  const viewer = await watch(host, 'default', { isAdmin: true });
  const read = () => object().retention(admin);
  objectsArchive.is = 'hanging';
  for (let tries = 0; tries < 6; tries += 1) {
    await runDurableObjectAlarm(stub());
    objectsAhead(waitedMs);
    await inObject(() => letDueCome(host));
    await backgroundEnded();
    expect(await read()).toMatchObject({ archive_away: { text: 'the archive did not answer within 30 s' } });
    objectsAhead(longestWaitMs);
  }

  expect(objectsArchive.asked).toEqual(['put', 'head', 'head', 'head', 'head', 'head']);
  expect(await notes()).toEqual([expect.stringMatching(/^The archive of this server fails \(.* 30 s\)/)]);
  expect(await events(mission)).toEqual(before);
  objectsArchive.is = 'there';
  await leave();

  expect(await notes()).toHaveLength(2);
  expect(await read()).not.toHaveProperty('archive_away');
  expect(await events(mission, archived)).toEqual(before);
  await viewer.until(({ data }) => data.code === 'archive.back');
});

test('a person who reads what is in a bucket that hangs is told so in the end', async () => {
  bindArchive();
  const { mission } = await oldMission();
  await leave();
  objectsArchive.is = 'hanging';
  const reading = object().events(owner, mission, { types: null, from: 1, limit: 10, ...archived });
  await expect.poll(() => objectsArchive.asked.at(-1)).toBe('get');

  objectsAhead(waitedMs);
  await inObject(() => letDueCome(host));

  expect(await reading).toMatchObject({ ok: false, code: 'unavailable' });
});
