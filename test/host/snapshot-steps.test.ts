// Steps of a mission between its snapshots: what is said of them, and what a kill leaves.
import { appendFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { diffOfStep } from '../../shared/changes.ts';
import { objectsIn, short, snapshotMission } from '../support/snapshot-mission.ts';

test('what was cut short by a kill is true: an end that was never seen is the next beginning, half a line is none', async () => {
  const mission = snapshotMission();
  await mission.ask({ verb: 'begin', turn: 'killed', message: null });
  mission.put('a.txt', 'by the turn');
  appendFileSync(join(mission.store, 'steps.ndjson'), '\n{"type":"end","id":"kil');
  const [object = ''] = objectsIn(mission.store);
  writeFileSync(join(mission.store, 'objects', `${object}.part`), 'half');
  mission.restart();

  expect(short(await mission.changed('killed'))).toEqual(['added a.txt']);
  await mission.turn(() => mission.put('b.txt', 'later'));
  expect(short(await mission.changed('killed'))).toEqual(['added a.txt']);
  expect((await mission.list()).steps.at(-1)).toMatchObject({
    id: 'killed',
    note: 'Its end was not seen: what was changed between it and the next turn is in it.',
  });
});

test('borders may be told of again', async () => {
  const mission = snapshotMission();
  const turn = await mission.turn(() => mission.put('a.txt', 'a'));
  mission.put('b.txt', 'b');
  await mission.ask({ verb: 'begin', turn, message: null });
  await mission.ask({ verb: 'end', turn });

  expect(short(await mission.changed(turn))).toEqual(['added a.txt']);
  expect((await mission.list()).steps).toHaveLength(1);
});

test('a turn can be named by its message, and the whole mission is what all its turns and people made of it', async () => {
  const mission = snapshotMission();
  mission.put('a.txt', 'a\n');
  await mission.turn(() => mission.put('a.txt', 'b\n'));
  await mission.turn(() => mission.put('c.txt', 'c\n'));
  mission.put('by-a-person.txt', 'd\n');

  expect(short(await mission.changed('message-2'))).toEqual(['added c.txt']);
  expect(short((await mission.list()).files)).toEqual(['modified a.txt', 'added by-a-person.txt', 'added c.txt']);
  expect((await mission.diff(null, 'a.txt')).files).toMatchObject([{ path: 'a.txt', added: 1, removed: 1 }]);
  await expect(mission.diff(null, 'none.txt')).rejects.toThrow('Nothing changed in none.txt.');
  await expect(mission.changed('unknown')).rejects.toThrow('Nothing is kept of a turn unknown of this mission.');
});

test('the diff comes a page at a time', async () => {
  const mission = snapshotMission();
  const text = 'a line of text that is added\n'.repeat(4_000);
  const turn = await mission.turn(() => {
    for (const name of ['a', 'b', 'c']) mission.put(name, text);
    mission.put('z', text.repeat(3));
  });

  const first = await mission.diff(turn);
  expect([first.files.map(({ path }) => path), first.next, first.total]).toEqual([['a'], 1, 4]);
  const last = diffOfStep.parse(await mission.ask({ verb: 'diff', step: turn, path: null, offset: 3, limit: 500 }));
  expect(last.files).toMatchObject([{ path: 'z', cut: true, added: 12_000 }]);
  expect(last.next).toBe(null);
});

test('snapshots that somebody removed are made anew, and what is lost is said', async () => {
  const mission = snapshotMission();
  mission.put('a.txt', 'a');
  const lost = await mission.turn(() => mission.put('a.txt', 'b'));
  rmSync(join(mission.store, 'objects'), { recursive: true });

  await expect(mission.undo(lost)).rejects.toThrow('What was there before is not kept any more.');
  const turn = await mission.turn(() => mission.put('a.txt', 'c'));
  await mission.undo(turn);
  expect(mission.text('a.txt')).toBe('b');
});

test('a deleted mission leaves no snapshots', async () => {
  const mission = snapshotMission();
  await mission.turn(() => mission.put('a.txt', 'a'));
  await mission.ask({ verb: 'drop' });

  expect(existsSync(mission.store)).toBe(false);
});
