// Changes of files at the edge: whom a server is asked for, what it is asked, and the event of an undo.
import { beforeEach, expect, test } from 'vitest';
import { answeringHost } from './answering-host.ts';
import { asUser, freshDirectory } from './edge.ts';

beforeEach(freshDirectory);

const file = {
  path: 'a.txt',
  change: 'added',
  from: null,
  kind: 'file',
  binary: false,
  added: 1,
  removed: 0,
  kept: true,
};
const nothing = { step: null, files: [], total: 0, note: null };

const answers = {
  'changes.list': () => ({ ...nothing, steps: [] }),
  'changes.files': () => ({ ...nothing, files: [file], total: 1 }),
  'changes.diff': () => ({ ...nothing, next: null }),
  'changes.undo': () => {
    throw { code: 'conflict', message: 'Changed since that turn: a.txt.' };
  },
};

const [ada, bob] = [asUser('ada'), asUser('bob')];

const newMission = async (): Promise<string> => {
  const made = await ada('/api/control/missions', { method: 'POST' });
  return (await made.json<{ id: string }>()).id;
};

test('each call reaches the server of the mission with its owner and what is wanted', async () => {
  const host = await answeringHost(answers);
  const mission = await newMission();
  const get = (tail: string) => ada(`/api/control/missions/${mission}${tail}`);
  host.asked.length = 0;

  const got = [
    await get('/changes'),
    await get('/turns/t1/changes?limit=7&offset=3'),
    await get('/diff?path=deep%2Fa%20b.txt'),
    await get('/turns/t1/diff'),
  ];

  expect(got.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(await got[1]?.json()).toEqual({ ...nothing, files: [file], total: 1 });
  const of = { mission, offset: 0, limit: 100 };
  expect(host.asked).toEqual([
    { method: 'changes.list', args: of },
    { method: 'changes.files', args: { ...of, step: 't1', offset: 3, limit: 7 } },
    { method: 'changes.diff', args: { ...of, step: null, path: 'deep/a b.txt' } },
    { method: 'changes.diff', args: { ...of, step: 't1', path: null } },
  ]);
});

test("a refusal of the server is told as it is, and nobody else's mission is asked about", async () => {
  const host = await answeringHost(answers);
  const mission = await newMission();
  host.asked.length = 0;
  const undo = (as: typeof ada) =>
    as(`/api/control/missions/${mission}/undo`, { method: 'POST', json: { paths: ['a.txt'], force: true } });

  const refused = await undo(ada);
  const stranger = await undo(bob);

  expect([refused.status, await refused.text()]).toEqual([409, 'Changed since that turn: a.txt.']);
  expect([stranger.status, await stranger.text()]).toEqual([404, `Mission ${mission} not found`]);
  expect(host.asked).toEqual([
    { method: 'changes.undo', args: { mission, step: null, paths: ['a.txt'], force: true } },
  ]);
});
