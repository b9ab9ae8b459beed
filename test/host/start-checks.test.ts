import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { lookFirst } from '../../host-agent/launcher/place/look-first.ts';
import { lookMs, parts } from '../../host-agent/launcher/place/step-limit.ts';
import { tryClock } from '../../host-agent/launcher/place/try-place.ts';
import { apiFetch } from '../support/declared-answer.ts';
import { handClock } from '../support/hand-clock.ts';
import { freshWorkingDir, launch, processTree } from '../support/launched.ts';

const bootstrap = join(import.meta.dirname, '..', '..', 'host-agent', 'launcher', 'bootstrap.mjs');

let directory: ReturnType<typeof freshWorkingDir>;

beforeEach(() => {
  directory = freshWorkingDir();
  writeFileSync(join(directory.path, 'file'), 'x');
  symlinkSync(join(directory.path, 'nothing'), join(directory.path, 'dangling'));
  symlinkSync(join(directory.path, 'circle'), join(directory.path, 'circle'));
  execFileSync('mkfifo', [join(directory.path, 'fifo')]);
  mkdirSync(join(directory.path, 'used', '.openagent'), { recursive: true });
  writeFileSync(join(directory.path, 'used', '.openagent', 'logs'), 'x');
});
afterEach(() => directory.remove());

/** Each case: what is wrong, the environment with HERE for the test's directory, and what is said. */
test.each<[string, Record<string, string>, RegExp]>([
  [
    'below /proc',
    { WORKING_DIR: '/proc/open-agent/x' },
    /^WORKING_DIR can't be \/proc\/open-agent: nothing can be made/m,
  ],
  ['below a process', { WORKING_DIR: '/proc/self/x' }, /^WORKING_DIR can't be \/proc\/self\/x: nothing can be made/],
  [
    'a file',
    { WORKING_DIR: 'HERE/file' },
    /^WORKING_DIR needs the directory \S+\/file, which is a file\. Move it away/,
  ],
  ['below a file', { WORKING_DIR: 'HERE/file/x' }, /^WORKING_DIR can't be \S+: a part of the path is a file/],
  ['a link to nothing', { WORKING_DIR: 'HERE/dangling' }, /^WORKING_DIR is \S+, a symbolic link to nothing/],
  ['links in a circle', { WORKING_DIR: 'HERE/circle' }, /^WORKING_DIR can't be \S+: its symbolic links go round/],
  ['a long name', { WORKING_DIR: `HERE/${'n'.repeat(300)}` }, /: a name in it is longer than the file system takes/],
  ['a long path', { WORKING_DIR: `HERE/${'deep/'.repeat(600)}` }, /^WORKING_DIR has \d+ bytes, .* at most 2000\.$/m],
  ['logs that are a file', { WORKING_DIR: 'HERE/used' }, /needs the directory \S+\/logs, which is a file/],
  ['settings in a pipe', { OPENAGENT_CONFIG: 'HERE/fifo' }, /^OPENAGENT_CONFIG is \S+, which is no file/],
  ['settings in a directory', { OPENAGENT_CONFIG: 'HERE' }, /^OPENAGENT_CONFIG is \S+, which is no file/],
  ['no TMPDIR', { TMPDIR: 'HERE/none' }, /^TMPDIR can't be \S+: nothing can be made there/],
])('%s stops the start with its own sentence', async (_, environment, said) => {
  const here = Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, value.replace('HERE', directory.path)]),
  );
  const launched = launch(directory.path, here);

  expect(await launched.ended).toBe(1);
  expect(launched.output()).toMatch(said);
  expect(launched.output()).not.toMatch(/Starting|\n +at |ERR_/);
});

/** Runs `prepare` and the start in a mount namespace of its own, where HERE is the test's directory. */
const startPrepared = (prepare: string, prefix: string): string => {
  const env = { PATH: process.env.PATH ?? '', HOME: directory.path, PORT: '0', HERE: directory.path };
  const script = `${prepare}; WORKING_DIR="$HERE/disk" exec ${prefix} '${process.execPath}' '${bootstrap}' up`;
  mkdirSync(join(directory.path, 'disk'));
  const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', script], { env, encoding: 'utf8' });
  return stdout + stderr;
};

const isRoot = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;

test.runIf(isRoot)('a disk that is read-only, one that is full, and one of somebody else are told apart', () => {
  expect(startPrepared('mount -t tmpfs -o ro disk "$HERE/disk"', '')).toMatch(/mounted read-only\. Mount it writable/);
  directory.remove();
  mkdirSync(directory.path);
  const full = 'mount -t tmpfs -o size=70m disk "$HERE/disk"; head -c 60m /dev/zero > "$HERE/disk/ballast"';
  expect(startPrepared(full, '')).toMatch(/^There is \d+ MB of room for \S+, and a start needs 68 MB\. Free some/m);
  directory.remove();
  mkdirSync(directory.path);
  chmodSync(directory.path, 0o755);
  const other = startPrepared('chmod 700 "$HERE/disk"', 'setpriv --reuid 65534 --regid 65534 --clear-groups');
  expect(other).toMatch(/^WORKING_DIR can't be \S+\/disk: this user may not write there\. Change its owner/m);
});

test('a disk that does not answer is said, and holds nobody', async () => {
  const held = join(directory.path, 'held.mjs');
  // Holds its one thread as a dead disk would, after it has said where.
  writeFileSync(
    held,
    `process.stdout.write(JSON.stringify({ begins: 'WORKING_DIR /net/away', slow: false }) + '\\n');
     Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`,
  );

  const clock = handClock();
  const looked = lookFirst({ WORKING_DIR: directory.path }, clock, held);
  await Promise.race([looked, clock.awaited(lookMs / parts)]);
  clock.advance(lookMs);

  await expect(looked).rejects.toThrow(
    'WORKING_DIR /net/away does not answer. Is it on a network or FUSE disk that is away?',
  );
});

test('a signal in the first moments of a start ends it, whichever moment', async () => {
  const moments: ((pid: number) => boolean)[] = [
    () => true,
    () => existsSync(join(directory.path, '.openagent')), // It looks at its place,
    () => existsSync(join(directory.path, '.openagent', 'processes.json')), // has taken it,
    (pid) => processTree(pid).length > 1, // and has started something.
  ];
  for (const isIt of moments) {
    const env = { PATH: process.env.PATH ?? '', HOME: directory.path, WORKING_DIR: directory.path, PORT: '0' };
    const child = spawn(process.execPath, [bootstrap, 'up'], { env, stdio: 'ignore' });
    const ended = once(child, 'exit');
    await vi.waitFor(() => expect(isIt(child.pid ?? 0) || child.exitCode !== null).toBe(true), { interval: 1 });
    child.kill('SIGTERM');
    const [code, signal] = await ended;
    expect([0, 143, null]).toContain(code);
    expect([null, 'SIGTERM']).toContain(signal);
  }
});

test('a path with blanks, a line break and an emoji is one like any other', async () => {
  const odd = join(directory.path, 'with blank\nand 🙂 ä');
  const launched = launch(odd, { WORKING_DIR: odd });

  expect((await apiFetch(`${await launched.ready()}/api/health`)).status).toBe(200);
  expect(existsSync(join(odd, '.openagent', 'host.json'))).toBe(true);
  launched.kill('SIGTERM');
  expect(await launched.ended).toBe(0);
});

test('a clock of another century is said, since no certificate is valid by it', () => {
  expect(() => tryClock(0)).toThrow("This machine's clock says 1970-01-01");
  expect(() => tryClock(Date.now())).not.toThrow();
});
