import { beforeEach, describe, expect, test } from 'vitest';
import { leastBytes } from '../../shared/retention.ts';
import { freshHost, host, inObject, newMission, object, owner } from './fresh-host.ts';
import { row } from './host-peer.ts';
import { objectsAhead } from './object-clock.ts';
import { admin, connected, contents, dayMs, events, leave, quiet, texts } from './retention-setup.ts';
import { watch } from './viewer-peer.ts';

beforeEach(freshHost);

const big = 'x'.repeat(200_000);

describe('by age', () => {
  test('what ended longer ago than the server keeps leaves, and one event says so in its place', async () => {
    const { turn } = await connected();
    const mission = await newMission();
    await turn(mission, 'old');
    await turn(mission, 'older still');
    const before = await events(mission);
    await object().setRetention(admin, { days: 30 });
    objectsAhead(31 * dayMs);

    await leave();

    const last = before.at(-1);
    expect(await events(mission)).toMatchObject([
      {
        id: last?.id,
        sequence: last?.sequence,
        event_type: 'log_pruned',
        content: expect.stringMatching(/^The events 1 to \d+ of this mission are no longer kept here/),
        metadata: {
          from: 1,
          to: last?.sequence,
          archived: 'none',
          rows: expect.any(Number),
          bytes: expect.any(Number),
        },
      },
    ]);
    expect(await texts()).not.toMatch(/asked|answered/);
    expect(await inObject((sql) => sql.exec('SELECT 1 FROM parts').toArray())).toEqual([]);
  });

  test('without a rule nothing ever leaves, and what is younger than the rule stays', async () => {
    const { turn } = await connected();
    const mission = await newMission();
    await turn(mission, 'old');
    const before = await contents(mission);
    objectsAhead(1_000 * dayMs);
    await leave(2);
    expect(await contents(mission)).toEqual(before);

    await object().setRetention(admin, { days: 2_000 });
    await leave(2);

    expect(await contents(mission)).toEqual(before);
  });

  test('of a mission that goes on the old turns leave, by when the edge had them and not by what its server says', async () => {
    const { turn } = await connected();
    const mission = await newMission();
    // Its rows say that they are of the year 2023.
    await turn(mission, 'first');
    await object().setRetention(admin, { days: 30 });
    await quiet();
    expect((await contents(mission)).join()).toContain('first');
    objectsAhead(20 * dayMs);
    await turn(mission, 'second');
    objectsAhead(15 * dayMs);

    await leave();

    const left = (await contents(mission)).join();
    expect(left).not.toContain('first');
    expect(left).toContain('second asked');
    expect(left).toContain('second answered');
  });

  test('nothing of a turn that runs leaves, however long it runs', async () => {
    const told = await connected();
    const mission = await newMission();
    await told.turn(mission, 'first');
    const running = await told.begin(mission, 'second');
    // Another message ends in the middle of it, without a turn of its own.
    const other = { type: 'command.finished', command: crypto.randomUUID(), outcome: 'failed', text: 'never began' };
    await told.rows(row(mission, other));
    await object().setRetention(admin, { days: 1 });
    objectsAhead(40 * dayMs);

    await leave();

    expect((await contents(mission)).join()).toMatch(/no longer kept here.*second asked.*second answered/);
    await told.rows(running.result, running.closed(15, '', 15), running.ended('completed'));
    const read = await object().mission(owner, mission);
    expect(read.ok && read.value.history.map(({ content }) => content)).toEqual(
      expect.arrayContaining(['second asked', 'never began', 'second answered']),
    );
  });
});

describe('by size', () => {
  test('what is above the bytes of the server leaves, the oldest missions first', async () => {
    const { turn } = await connected();
    const [first, second] = [await newMission(), await newMission()];
    for (const name of ['a', 'b', 'c', 'd']) await turn(first, name, big);
    objectsAhead(1_000);
    for (const name of ['e', 'f', 'g', 'h']) await turn(second, name, big);
    await object().setRetention(admin, { bytes: leastBytes });

    await leave();

    expect((await object().retention(admin)).log_bytes).toBeLessThanOrEqual(leastBytes);
    expect((await events(first))[0]).toMatchObject({ event_type: 'log_pruned' });
    const read = await object().mission(owner, second);
    expect(read.ok && read.value.history.map(({ content }) => content)).toContain('h asked');
  });

  test("a mission's own rule goes before the server's, and only an admin may set one", async () => {
    const { turn } = await connected();
    const [kept, bounded] = [await newMission(), await newMission()];
    for (const mission of [kept, bounded])
      for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await turn(mission, name, big);
    const before = await contents(kept);
    await object().setRetention(admin, { mission: kept });
    await object().setRetention(admin, { mission: bounded, bytes: leastBytes });

    await leave();

    expect(await contents(kept)).toEqual(before);
    expect((await events(bounded))[0]).toMatchObject({ event_type: 'log_pruned' });
    expect((await object().retention(admin)).missions).toEqual(
      [
        { mission: kept, days: null, bytes: null },
        { mission: bounded, days: null, bytes: leastBytes },
      ].toSorted((a, b) => (a.mission < b.mission ? -1 : 1)),
    );
    await object().setRetention(admin, { mission: kept, inherit: true });
    expect((await object().retention(admin)).missions).toHaveLength(1);
  });
});

describe('who reads on', () => {
  test('a stream that comes back from before what left is told of it once, and of all that came later', async () => {
    const { turn } = await connected();
    const mission = await newMission();
    const viewer = await watch(host, owner);
    await turn(mission, 'old');
    await viewer.until(({ name }) => name === 'turn.ended');
    const seen = viewer.events.findIndex(({ name }) => name === 'part.opened');
    const cursor = viewer.events[seen]?.id;
    await object().setRetention(admin, { days: 1 });
    objectsAhead(3 * dayMs);
    await leave();
    await turn(mission, 'new');

    const back = await watch(host, owner, { cursor: cursor ?? '' });

    await back.until(({ name }) => name === 'snapshot');
    const ofMission = back.events.filter(({ data }) => data.mission_id === mission).map(({ name }) => name);
    expect(ofMission[0]).toBe('log.pruned');
    expect(ofMission.filter((name) => name === 'log.pruned')).toHaveLength(1);
    expect(ofMission).toContain('turn.ended');
    expect(back.events.map(({ name }) => name)).not.toContain('reset');
    const numbers = back.events.flatMap(({ data }) => (typeof data.seq === 'number' ? [data.seq] : []));
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
  });

  test('a page that begins at an index counts what left as one event', async () => {
    const { turn } = await connected();
    const mission = await newMission();
    await turn(mission, 'old');
    await object().setRetention(admin, { days: 1 });
    objectsAhead(3 * dayMs);
    await leave();
    await turn(mission, 'new');

    const all = await contents(mission, { index: 0 });

    expect(all[0]).toContain('no longer kept here');
    expect(await contents(mission, { index: 1 })).toEqual(all.slice(1));
    expect(await contents(mission, { index: 3 })).toEqual(all.slice(3));
  });

  test('a mission whose whole conversation left is no unused one, and goes on', async () => {
    const { turn } = await connected();
    const mission = await newMission();
    await turn(mission, 'old');
    await object().setStatus(owner, mission, 'active');
    await quiet();
    await object().setRetention(admin, { days: 2 });
    objectsAhead(1.5 * dayMs);
    // An open one that nobody goes on with would be closed.
    await object().setStatus(owner, mission, 'completed');
    await object().setStatus(owner, mission, 'active');
    objectsAhead(0.6 * dayMs);
    await leave();
    expect((await contents(mission))[0]).toContain('no longer kept here');
    expect(await object().cleanup(owner)).toEqual([]);

    await turn(mission, 'new');

    expect((await contents(mission)).join()).toMatch(/no longer kept here.*new asked.*new answered/);
  });
});

test('a log of many rows leaves in slices that are bounded, and the mission counts less', async () => {
  const { turn } = await connected();
  const mission = await newMission();
  for (let n = 0; n < 8; n += 1) await turn(mission, `turn ${n}`, big);
  const before = (await object().retention(admin)).log_bytes;
  await object().setRetention(admin, { days: 1 });
  objectsAhead(3 * dayMs);
  await leave(1);

  expect((await contents(mission)).join()).toContain('turn 7 asked');
  await leave();

  expect(await contents(mission)).toHaveLength(1);
  expect((await object().retention(admin)).log_bytes).toBeLessThan(before / 100);
});

test('a deleted mission loses nothing by age: it can be had back as it was', async () => {
  const { turn } = await connected();
  const mission = await newMission();
  await turn(mission, 'old');
  const before = await contents(mission);
  await object().deleteMission(owner, mission);
  await object().setRetention(admin, { days: 1 });
  objectsAhead(3 * dayMs);
  await leave();

  await object().restoreMission(owner, mission);

  expect((await contents(mission)).slice(0, before.length)).toEqual(before);
});
