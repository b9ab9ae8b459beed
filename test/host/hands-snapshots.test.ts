// Snapshots by way of the real hands and their actor.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { HandsControl } from '../../host-agent/hands/control/client.ts';
import type { SnapshotWish } from '../../host-agent/hands/snapshots/words.ts';
import { changesOfMission, changesOfStep, diffOfStep, undone } from '../../shared/changes.ts';
import { callTool } from '../support/hands-client.ts';
import { startHands } from '../support/running-hands.ts';

const page = { offset: 0, limit: 100 };

const had = async (control: HandsControl, mission: string, wish: SnapshotWish): Promise<unknown> => {
  const answer = await control.snapshots(mission, wish);
  if (answer.ok) return answer.value;
  throw new Error(`${answer.code}: ${answer.text}`);
};

/** Writes a file as an agent does, with what it needs granted. */
const write = async (socket: string, directory: string, name: string, content: string): Promise<void> => {
  const args = { filePath: join(directory, name), content };
  const { structuredContent: first } = await callTool(socket, { tool: 'write', args, directory });
  const granted = first.kind === 'asks' ? first.asks : [];
  const { structuredContent: done } = await callTool(socket, { tool: 'write', args, directory, granted });
  expect(done.kind).toBe('done');
};

test('what an agent writes in a turn is what the turn changed, and undo takes it back', async () => {
  const { control, socket, mission } = await startHands();
  const directory = await mission('m1');
  writeFileSync(join(directory, 'kept.txt'), 'kept');

  await had(control, 'm1', { verb: 'begin', turn: 't1', message: 'c1' });
  await write(socket, directory, 'new.txt', 'by the agent\n'); // Waits for the look at the beginning.
  await had(control, 'm1', { verb: 'end', turn: 't1' });

  const { steps } = changesOfMission.parse(await had(control, 'm1', { verb: 'list', ...page }));
  expect(steps).toMatchObject([{ id: 't1', message: 'c1', files: 1, note: null }]);
  const { files } = diffOfStep.parse(await had(control, 'm1', { verb: 'diff', step: 'c1', path: null, ...page }));
  expect(files).toMatchObject([{ path: 'new.txt', change: 'added', diff: expect.stringContaining('+by the agent') }]);
  const done = undone.parse(await had(control, 'm1', { verb: 'undo', step: null, paths: null, force: false }));
  expect(done.files).toEqual([{ path: 'new.txt', did: 'removed', why: null }]);
  expect(readdirSync(directory)).toEqual(['kept.txt']);
});

test('hands that were killed in a turn lose nothing of it', async () => {
  const first = await startHands();
  const directory = await first.mission('m1');
  writeFileSync(join(directory, 'a.txt'), 'before');
  await had(first.control, 'm1', { verb: 'begin', turn: 't1', message: null });
  await write(first.socket, directory, 'b.txt', 'b');
  await first.kill();

  const second = await startHands({ state: first.state });
  await write(second.socket, directory, 'c.txt', 'c');
  await had(second.control, 'm1', { verb: 'end', turn: 't1' });

  const { files } = changesOfStep.parse(await had(second.control, 'm1', { verb: 'files', step: 't1', ...page }));
  expect(files.map(({ path }) => path)).toEqual(['b.txt', 'c.txt']);
});

test('an actor that is killed in the middle of a look is started again, and what it kept is true', async () => {
  const hands = await startHands();
  const directory = await hands.mission('m1');
  for (let count = 0; count < 300; count++) writeFileSync(join(directory, `${count}.txt`), `${count}`.repeat(1_000));
  await had(hands.control, 'm1', { verb: 'list', ...page }); // An actor is there.
  const begun = hands.control.snapshots('m1', { verb: 'end', turn: 'cut' });
  process.kill(hands.actor(), 'SIGKILL');
  await begun; // In time, or a sentence.

  await had(hands.control, 'm1', { verb: 'begin', turn: 't1', message: null });
  await write(hands.socket, directory, 'new.txt', 'new'); // Waits for the beginning.
  writeFileSync(join(directory, '7.txt'), 'other');
  await had(hands.control, 'm1', { verb: 'end', turn: 't1' });
  const { files } = changesOfStep.parse(await had(hands.control, 'm1', { verb: 'files', step: 't1', ...page }));
  expect(files.map(({ path, change }) => [path, change])).toEqual([
    ['7.txt', 'modified'],
    ['new.txt', 'added'],
  ]);
  await had(hands.control, 'm1', { verb: 'undo', step: 't1', paths: null, force: false });
  expect(readFileSync(join(directory, '7.txt'), 'utf8')).toBe('7'.repeat(1_000));
});

test('no known secret leaves the hands by a diff', async () => {
  const secret = 'a-secret-that-is-known';
  const state = (await startHands()).state;
  const file = join(state, 'secret');
  writeFileSync(file, JSON.stringify({ key: secret }));
  const { control, mission } = await startHands({ secretFiles: [file] });
  const directory = await mission('m1');
  await had(control, 'm1', { verb: 'begin', turn: 't1', message: null });
  writeFileSync(join(directory, 'a.txt'), 'nothing yet');
  await had(control, 'm1', { verb: 'end', turn: 't1' });
  writeFileSync(join(directory, 'b.txt'), `key=${secret}\n`);

  const { files } = diffOfStep.parse(await had(control, 'm1', { verb: 'diff', step: null, path: null, ...page }));
  expect(files.find(({ path }) => path === 'b.txt')?.diff).toContain('+key=[secret]');
});

test('an agent can not call what snapshots are made by, and a mission that nobody knows, or of another owner, has none', async () => {
  const { control, socket, mission } = await startHands();
  const directory = await mission('m1');
  const call = callTool(socket, { tool: 'open_agent_snapshots', args: { verb: 'drop' }, directory });

  await expect(call).rejects.toThrow('There is no tool "open_agent_snapshots" here');
  await expect(control.snapshots('m2', { verb: 'end', turn: 't1' })).rejects.toThrow('There is no mission m2 here');
  expect(await control.snapshots('m1', { verb: 'list', ...page }, { owner: 'bob' })).toEqual({
    ok: false,
    code: 'not_found',
    text: 'Mission m1 not found',
  });
});

test('a mission that is forgotten has no snapshots any more', async () => {
  const { control, mission, state } = await startHands();
  await mission('m1');
  await mission('m2');
  for (const id of ['m1', 'm2']) await had(control, id, { verb: 'end', turn: 't1' });
  await control.forget('m1');
  await had(control, 'm2', { verb: 'list', ...page }); // The same actor, after it.

  await expect.poll(() => readdirSync(join(state, 'hands', 'snapshots'))).toEqual(['m2']);
});
