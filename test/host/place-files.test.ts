// Files as an owner's place reaches them: by real hands and their actor.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { filesInPlace } from '../../host-agent/files/in-place.ts';
import type { PlaceFiles } from '../../host-agent/files/place-files.ts';
import { placesOf } from '../../host-agent/files/place-of.ts';
import { handsControl } from '../../host-agent/hands/control/client.ts';
import { createLog } from '../../host-agent/process/log.ts';
import { contextDirectory, missionDirectory } from '../../host-agent/workspaces/paths.ts';
import { type HandsProcess, startHandsProcess } from '../support/hands-process.ts';
import { newMissionId, temporaryDirectory } from '../support/host-store.ts';
import { startHands } from '../support/running-hands.ts';

/** For all tests that leave them as they are. */
let hands: HandsProcess;
beforeAll(async () => {
  hands = await startHandsProcess();
});
afterAll(() => hands.close());

/** A server's directory with a mission, whose files are reached by the hands. */
const missionOf = (control = hands.control) => {
  const workingDir = realpathSync(temporaryDirectory());
  const roots = { workingDir, stateDir: join(workingDir, '.openagent') };
  const mission = newMissionId();
  const directory = missionDirectory(workingDir, mission);
  const context = contextDirectory(workingDir, mission);
  mkdirSync(directory, { recursive: true });
  mkdirSync(context, { recursive: true });
  return {
    workingDir,
    mission,
    directory,
    context,
    scope: { current: mission, missions: [mission], everything: false },
    files: filesInPlace({ control, owner: 'ada', roots, ensure: async () => undefined }),
  };
};

const mebibyte = 1024 * 1024;

/** So many bytes, each mebibyte of which says which it is. */
async function* bytesOf(mebibytes: number, pieceBytes = mebibyte): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < mebibytes; n++)
    for (let at = 0; at < mebibyte; at += pieceBytes) yield Buffer.alloc(pieceBytes, n % 251);
}

const whole = { range: null, rangeOfTag: null, withBytes: true };

const contentOf = async ({ read, close }: Awaited<ReturnType<PlaceFiles['read']>>): Promise<Buffer> => {
  const pieces: Uint8Array[] = [];
  for (let piece = await read(100_000); piece; piece = await read(100_000)) pieces.push(piece);
  await close();
  return Buffer.concat(pieces);
};

test('what is put is listed, read whole and in part, and removed', async () => {
  const { files, scope, context } = missionOf();

  const stored = await files.put({ scope, path: './context/', name: 'a/b ü.bin' }, bytesOf(3, 8_192));
  expect(stored).toEqual({ path: join(context, 'b ü.bin'), name: 'b ü.bin' });
  const content = Buffer.concat([0, 1, 2].map((n) => Buffer.alloc(mebibyte, n)));
  expect(readFileSync(stored.path).equals(content)).toBe(true);
  expect(await files.ask('list', { scope, path: '/root/context' })).toMatchObject([
    { name: 'b ü.bin', path: '/root/context/b ü.bin', kind: 'file', size: 3 * mebibyte },
  ]);
  const path = './context/b ü.bin';
  expect((await contentOf(await files.read({ scope, path, ...whole }))).equals(content)).toBe(true);
  const part = await files.read({ scope, path, ...whole, range: { first: mebibyte - 1, last: mebibyte } });
  expect([part.described.span, [...(await contentOf(part))]]).toEqual([{ start: mebibyte - 1, bytes: 2 }, [0, 1]]);

  await files.ask('remove', { scope, path, recursive: false });
  expect(readdirSync(context)).toEqual([]);
});

test('an empty file is put and read, and one that nobody reads to its end is let go', async () => {
  const { files, scope } = missionOf();
  await files.put({ scope, path: './context/', name: 'empty' }, bytesOf(0));
  await files.put({ scope, path: './context/', name: 'large' }, bytesOf(8));

  expect(await contentOf(await files.read({ scope, path: './context/empty', ...whole }))).toHaveLength(0);
  const unread = await files.read({ scope, path: './context/large', ...whole });
  await unread.read(10);
  await unread.close();
  const described = await files.read({ scope, path: './context/large', ...whole, withBytes: false });
  expect([described.described.size, await described.read(10)]).toEqual([8 * mebibyte, null]);
});

test('what the place refuses is said as it says it, before any byte and amid them', async () => {
  const { files, scope, directory } = missionOf();
  symlinkSync('/etc', join(directory, 'out'));

  const refusal = (work: Promise<unknown>) => expect(work).rejects;
  await refusal(files.ask('list', { scope, path: '/etc' })).toMatchObject({ code: 'forbidden' });
  await refusal(files.read({ scope, path: './out/hostname', ...whole })).toMatchObject({ code: 'forbidden' });
  await refusal(files.read({ scope, path: './none', ...whole })).toMatchObject({
    code: 'not_found',
    message: 'File not found: ./none',
  });
  await refusal(files.put({ scope, path: './out', name: 'a' }, bytesOf(300))).toMatchObject({ code: 'forbidden' });
  writeFileSync(join(directory, 'shrinking'), Buffer.alloc(4 * mebibyte));
  const { read } = await files.read({ scope, path: './shrinking', ...whole });
  await read(10);
  writeFileSync(join(directory, 'shrinking'), 'x');
  const rest = (async () => {
    while (await read(mebibyte));
  })();
  await refusal(rest).toMatchObject({ code: 'conflict', message: expect.stringContaining('became shorter') });
});

test('what a sender fails with is its own error, and nothing of its file is left', async () => {
  const { files, scope, context } = missionOf();
  async function* breaking() {
    yield* bytesOf(3);
    throw new Error('unplugged');
  }

  await expect(files.put({ scope, path: './context/', name: 'a' }, breaking())).rejects.toThrow('unplugged');

  await vi.waitFor(() => expect(readdirSync(context)).toEqual([]));
});

test('a place that is asked for much at once answers each with its own', async () => {
  const { files, scope, context } = missionOf();
  const names = Array.from({ length: 12 }, (_, n) => `file ${n}`);

  await Promise.all(names.map((name, n) => files.put({ scope, path: './context/', name }, bytesOf(n % 4))));

  const sizes = await Promise.all(
    names.map(
      async (name) => (await contentOf(await files.read({ scope, path: `./context/${name}`, ...whole }))).length,
    ),
  );
  expect(sizes).toEqual(names.map((_, n) => (n % 4) * mebibyte));
  expect(names.map((name) => statSync(join(context, name)).size)).toEqual(sizes);
});

test('an actor that is killed amid a file says so, and the next file is put', async () => {
  const own = await startHands();
  const { files, scope, context } = missionOf(own.control);
  async function* killing() {
    yield* bytesOf(3);
    process.kill(own.actor(), 'SIGKILL');
    yield* bytesOf(300);
  }
  await files.ask('list', { scope, path: './context' });

  await expect(files.put({ scope, path: './context/', name: 'a' }, killing())).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('ended by SIGKILL'),
  });

  expect(existsSync(join(context, 'a'))).toBe(false);
  expect(await files.put({ scope, path: './context/', name: 'a' }, bytesOf(1))).toMatchObject({ name: 'a' });
});

test('without hands it is said what to do, and hands that die amid a file leave nobody waiting', async () => {
  const away = missionOf(handsControl(temporaryDirectory()));
  const own = await startHands();
  const { files, scope } = missionOf(own.control);
  async function* killing() {
    yield* bytesOf(3);
    await own.kill();
    yield* bytesOf(300);
  }

  await expect(away.files.ask('list', { scope: away.scope, path: './context' })).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('hands.log'),
  });
  await expect(files.put({ scope, path: './context/', name: 'a' }, killing())).rejects.toMatchObject({
    code: 'unavailable',
  });
});

test('a call of an edge that names no owner is refused, and where there are no hands this process does it', async () => {
  const { files: here } = missionOf();
  const given = { ensure: async () => undefined };
  const parts = { here, roots: { workingDir: '/', stateDir: '/' }, given, log: createLog({ write: () => undefined }) };

  expect(() => placesOf({ ...parts, control: hands.control })(undefined)).toThrow('Update the edge.');
  expect(placesOf({ ...parts, control: null })(undefined)).toBe(here);
});

/** Highest memory of a process so far, in MiB. */
const highestMib = (pid: number): number =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** Of this V8 and its dead buffers; far below the file. */
const allowedMib = 100;
const largeMib = Number(process.env.LARGE_UPLOAD_MIB ?? 300);

test('a large file goes in and out without being held by the hands or the actor', async () => {
  const own = await startHands();
  const { files, scope } = missionOf(own.control);
  await files.ask('list', { scope, path: './context' });
  const actor = childOf(own.actor());
  const before = [own.pid, actor].map(highestMib);

  await files.put({ scope, path: './context/', name: 'large' }, bytesOf(largeMib));
  const { read, close } = await files.read({ scope, path: './context/large', ...whole });
  let bytes = 0;
  for (let piece = await read(65_536); piece; piece = await read(65_536)) bytes += piece.length;
  await close();

  expect(bytes).toBe(largeMib * mebibyte);
  const grown = [own.pid, actor].map(highestMib).map((mib, n) => mib - (before[n] ?? 0));
  console.info(`growth of hands and actor in MiB: ${grown.map(Math.round)}`);
  for (const mib of grown) expect(mib).toBeLessThan(allowedMib);
});

/** The last of the processes that were started one by the other: with a namespace the actor is below its init. */
const childOf = (pid: number): number => {
  const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
  return child > 0 ? childOf(child) : pid;
};
