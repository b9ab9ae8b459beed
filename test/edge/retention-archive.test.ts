import { env, evictDurableObject } from 'cloudflare:test';
import { beforeEach, describe, expect, test } from 'vitest';
import { asUser, edgeEnv, teamUsers } from './edge.ts';
import { freshHost, host, inObject, newMission, object, owner, stub } from './fresh-host.ts';
import { objectsAhead } from './object-clock.ts';
import { bindArchive, objectsArchive } from './objects-archive.ts';
import { connected, contents, dayMs, events, leave, oldMission, texts } from './retention-setup.ts';

beforeEach(freshHost);

const inBucket = async (): Promise<string[]> =>
  ((await env.ARCHIVE?.list({ prefix: `${host}/` }))?.objects ?? []).map(({ key }) => key);
const archived = { archived: true };

describe('with a bucket', () => {
  test('what leaves is written there first, and is read back from there where it is asked for', async () => {
    bindArchive();
    const { mission, before, turn } = await oldMission();

    await leave();

    expect(await inBucket()).toEqual([
      expect.stringMatching(new RegExp(`^${host}/${mission}/[^/]+/\\d+-\\d+\\.json$`)),
    ]);
    expect(await texts()).not.toMatch(/asked|answered/);
    expect(await events(mission)).toMatchObject([{ event_type: 'log_pruned', metadata: { archived: 'all' } }]);
    expect(await events(mission, archived)).toEqual(before);
    await turn(mission, 'new');
    const next = await events(mission, { ...archived, from: before.length + 1 });
    expect(next[0]).toMatchObject({ sequence: before.length + 1 });
    expect(next.map(({ content }) => content)).toContain('new asked');
  });

  test('what the log has beside the events of a mission is in the bucket too', async () => {
    bindArchive();
    await oldMission();
    await leave();

    const [name = ''] = await inBucket();
    const kept = JSON.parse((await (await env.ARCHIVE?.get(name))?.text()) ?? '{}');

    const types = kept.rows.map(({ event }: { event: { type: string } }) => event.type);
    expect(new Set(types)).toEqual(new Set(['message.kept', 'turn.cost', 'part.closed']));
  });

  test('a page over HTTP goes through the archive and on in the log', async () => {
    bindArchive();
    const { mission, turn, before } = await oldMission();
    await leave();
    await turn(mission, 'new');
    await env.DB.prepare("UPDATE missions SET owner = 'ada' WHERE id = ?").bind(mission).run();
    await inObject((sql) => sql.exec("UPDATE missions SET owner = 'ada' WHERE id = ?", mission).toArray());
    const ada = asUser('ada');
    const read = async (query: string) =>
      (await (await ada(`/api/control/missions/${mission}/events${query}`)).json<{ sequence: number }[]>()).map(
        ({ sequence }) => sequence,
      );

    const all = await read('?archived=true');

    expect(all).toEqual(all.map((_, n) => n + 1));
    expect(all.length).toBeGreaterThan(before.length);
    expect(await read('?archived=true&offset=2&limit=3')).toEqual([3, 4, 5]);
    expect((await read(''))[0]).toBe(before.length);
  });

  test.each(['refusing', 'forgetful'] as const)(
    'nothing is dropped while it is %s, it is tried again, and all else goes on',
    async (is) => {
      bindArchive();
      const { mission, before, turn } = await oldMission();
      objectsArchive.is = is;

      await leave(1);

      expect(await events(mission)).toEqual(before);
      expect(objectsArchive.asked).toEqual(['put']);
      await turn(mission, 'new');
      expect((await contents(mission)).join()).toContain('new answered');
      objectsArchive.is = 'there';
      objectsAhead(2_000);
      await leave();
      expect((await contents(mission)).join()).toMatch(/no longer kept here.*new asked/);
      expect(await inBucket()).toHaveLength(1);
      expect((await events(mission, archived)).slice(0, before.length)).toEqual(before);
    },
  );

  test('a slice that was written, and whose object died before it dropped it, leaves under the same name', async () => {
    bindArchive();
    const { mission, before } = await oldMission();
    objectsArchive.is = 'forgetful';
    await leave(1);
    const written = await inBucket();
    expect(written).toHaveLength(1);
    objectsArchive.is = 'there';
    objectsAhead(2_000);

    await leave();

    expect(await inBucket()).toEqual(written);
    expect(await events(mission, archived)).toEqual(before);
  });

  test('an object that finds itself an older copy writes beside what it wrote before, under its new log', async () => {
    bindArchive();
    const { mission, before, peer } = await oldMission();
    await leave();
    const [first = ''] = await inBucket();
    const content = await (await env.ARCHIVE?.get(first))?.text();
    peer.close();
    const told = await connected({ segment: 'never-drawn', seq: 1 }, 'r2');
    await told.turn(mission, 'after the copy');
    objectsAhead(3 * dayMs);

    await leave();

    const names = await inBucket();
    expect(new Set(names.map((name) => name.split('/')[2])).size).toBe(2);
    expect(await (await env.ARCHIVE?.get(first))?.text()).toBe(content);
    expect(await events(mission, archived)).toEqual(before);
    const next = await contents(mission, { ...archived, from: before.length + 1 });
    expect(next).toContain('after the copy asked');
  });

  test('a deleted mission leaves the bucket with its purge, whatever was written of it, and no other does', async () => {
    bindArchive();
    const { mission, turn } = await oldMission();
    const other = await newMission();
    await turn(other, 'other');
    await leave();
    objectsAhead(3 * dayMs);
    await leave();
    const stray = `${host}/${mission}/older-log/1-9.json`;
    await env.ARCHIVE?.put(stray, 'written by an older copy');
    for (let n = 0; n < 150; n += 1) await env.ARCHIVE?.put(`${host}/${mission}/older-log/${n}.json`, 'x');
    await object().deleteMission(owner, mission);
    objectsAhead(31 * dayMs);

    await leave();

    const left = await inBucket();
    expect(left).toHaveLength(1);
    expect(left[0]).toContain(`${host}/${other}/`);
    expect(await inObject((sql) => sql.exec('SELECT DISTINCT mission FROM archives').toArray())).toEqual([
      { mission: other },
    ]);
  });

  test('an archive that can not be read is 503, and the log is read all the same', async () => {
    bindArchive();
    const { mission } = await oldMission();
    await leave();
    objectsArchive.is = 'refusing';

    const read = await object().events(owner, mission, { types: null, from: 1, limit: 10, ...archived });

    expect(read).toMatchObject({ ok: false, code: 'unavailable', message: expect.stringContaining('archive') });
    expect(await contents(mission)).toEqual([expect.stringContaining('no longer kept here')]);
  });

  test('an object that is gone from the bucket is one event that says so', async () => {
    bindArchive();
    const { mission, before } = await oldMission();
    await leave();
    const [name = ''] = await inBucket();
    await env.ARCHIVE?.delete(name);

    expect(await events(mission, archived)).toMatchObject([
      { event_type: 'log_pruned', sequence: before.length, metadata: { from: 1, to: before.length } },
    ]);
  });
});

test('what left before a bucket was bound, and what left after it, are told apart', async () => {
  const { mission, before, turn } = await oldMission();
  await leave();
  bindArchive();
  await evictDurableObject(stub());
  await turn(mission, 'later');
  objectsAhead(3 * dayMs);

  await leave();

  const [now] = await events(mission);
  expect(now).toMatchObject({ metadata: { from: 1, archived: 'some' } });
  const read = await contents(mission, archived);
  expect(read[0]).toMatch(new RegExp(`^The events 1 to ${before.length} of this mission`));
  const next = await contents(mission, { ...archived, from: before.length + 1 });
  expect(next).toContain('later asked');
});

describe('who sets it', () => {
  const people = edgeEnv({ OPEN_AGENT_USERS: teamUsers });
  const path = () => `/api/hosts/${host}/retention`;
  const put = (who: string, json: object) => asUser(who, people)(path(), { method: 'PUT', json });

  test('an admin, and nobody else', async () => {
    expect((await put('bob', { days: 1 })).status).toBe(403);
    expect((await asUser('bob', people)(path())).status).toBe(403);
    expect((await put('ada', { days: 30 })).status).toBe(200);

    expect(await (await asUser('ada', people)(path())).json()).toMatchObject({
      ...{ days: 30, bytes: null, missions: [], archive: false },
    });
    expect((await put('ada', {})).status).toBe(200);
    expect(await (await asUser('ada', people)(path())).json()).toMatchObject({ days: null, bytes: null });
  });

  test.each([
    [{ days: 0 }, 422, /days/],
    [{ days: 1.5 }, 422, /days/],
    [{ bytes: 10 }, 422, /bytes/],
    [{ weeks: 2 }, 422, /weeks/],
    [{ inherit: true }, 422, /inherit/],
    [{ mission: 'x' }, 422, /mission/],
    [{ mission: crypto.randomUUID(), days: 3 }, 404, /Mission .* not found/],
  ])('%j is refused', async (json, status, text) => {
    const answer = await put('ada', json);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toMatch(text);
  });

  test('a server that does not exist has none', async () => {
    expect((await asUser('ada', people)(`/api/hosts/${crypto.randomUUID()}/retention`)).status).toBe(404);
  });
});
