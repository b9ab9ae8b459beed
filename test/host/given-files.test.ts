import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readGivenFile } from '../../host-agent/files/given-file.ts';
import { filesHere } from '../../host-agent/files/here.ts';
import type { MissionContext } from '../../host-agent/missions/context.ts';
import { givenParts } from '../../host-agent/missions/runner/given-files.ts';
import { contextDirectory } from '../../host-agent/workspaces/paths.ts';
import { newMissionId, temporaryDirectory } from '../support/host-store.ts';

const jpeg = Buffer.from('ffd8ffe000104a464946', 'hex');
const partID = 'prt_0123456789ab0123456789abcd';

/**
 * A mission with some files in its context directory, and what a message makes of them for a model that sees or does
 * not.
 */
const missionWithFiles = () => {
  const workingDir = realpathSync(temporaryDirectory());
  const place = filesHere({ workingDir, stateDir: join(workingDir, '.openagent') }, async () => undefined);
  const mission = newMissionId();
  const context = contextDirectory(workingDir, mission);
  mkdirSync(join(context, 'folder'), { recursive: true });
  writeFileSync(join(context, 'a.txt'), 'text');
  writeFileSync(join(context, 'b [1].jpg'), jpeg);
  writeFileSync(join(context, 'large.jpg'), Buffer.concat([jpeg, Buffer.alloc(4 * 1024 * 1024)]));
  writeFileSync(join(workingDir, 'outside.txt'), 'not of this mission');
  symlinkSync(join(workingDir, 'outside.txt'), join(context, 'link.txt'));
  const parts = (content: string, sees = true) => {
    const asking = {
      mission,
      owner: 'ada',
      directory: '/d',
      content,
      model: { providerID: 'p', modelID: 'm' },
      partID,
    };
    const context = {
      client: { takesImages: async () => sees },
      givenFile: (_: string, id: typeof mission, name: string, max: number) => readGivenFile(place, id, name, max),
    } as unknown as MissionContext;
    return givenParts(context, asking);
  };
  return { parts, context };
};

test('files that are there are named once, in the order of their marks, and others are only text', async () => {
  const { parts } = missionWithFiles();
  const marks = [
    'nothing',
    'b [1].jpg',
    'a.txt',
    'a.txt',
    '../outside.txt',
    'link.txt',
    'folder',
    '',
    '.',
    'large.jpg',
  ];

  const [note, ...more] = await parts(`${marks.map((name) => `[Uploaded: ${name}]`).join(' ')}\nWhat is it?`, false);

  expect(more).toEqual([]);
  expect(note).toMatchObject({ type: 'text', synthetic: true });
  expect(note?.type === 'text' ? note.text.split('\n').slice(1) : []).toEqual([
    '- ./context/b [1].jpg',
    '- ./context/a.txt',
    '- ./context/large.jpg',
  ]);
  expect(await parts('No file at all. [Uploaded: ')).toEqual([]);
});

test('an image goes along for a model that sees, by its content and not its name, if it is not too large', async () => {
  const { parts } = missionWithFiles();

  const images = (await parts('[Uploaded: a.txt] [Uploaded: large.jpg] [Uploaded: b [1].jpg]')).slice(1);

  expect(images).toEqual([
    {
      type: 'file',
      id: `${partID}03`,
      mime: 'image/jpeg',
      filename: 'b [1].jpg',
      url: `data:image/jpeg;base64,${jpeg.toString('base64')}`,
    },
  ]);
});

test('a prompt sent again has the same parts, and they follow the text', async () => {
  const { parts } = missionWithFiles();
  const content = '[Uploaded: b [1].jpg] [Uploaded: a.txt]';

  const [first, second] = [await parts(content), await parts(content)];

  expect(second).toEqual(first);
  const ids = [partID, ...first.map(({ id }) => id)];
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
});
