import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { packageRoot } from '../../host-agent/launcher/package-root.ts';
import { areAllLocal } from '../../host-agent/launcher/place/look-here.ts';
import { probePort } from '../../host-agent/process/probe-port.ts';
import { apiFetch } from '../support/declared-answer.ts';
import { freshWorkingDir, launch, processTree } from '../support/launched.ts';

let directory: ReturnType<typeof freshWorkingDir>;
beforeEach(() => {
  directory = freshWorkingDir();
});
afterEach(() => directory.remove());

/** Runs a script that imports from the sources; resolves with its exit code and what it said. */
const runScript = async (source: string, workingDir = directory.path): Promise<{ code: number; said: string }> => {
  const script = join(directory.path, 'script.mjs');
  writeFileSync(script, source.replaceAll('SOURCES', join(packageRoot(), 'host-agent')));
  const env = { PATH: process.env.PATH ?? '', HOME: directory.path, WORKING_DIR: workingDir };
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script], { env });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const [code] = await once(child, 'close');
  return { code, said };
};

/** A start whose program can't be loaded. */
const broken = `
  import { placeChild } from 'SOURCES/launcher/place/place-child.ts';
  import { start } from 'SOURCES/program/start.ts';
  if (process.argv[2] === 'place-child') await placeChild(process.argv.slice(3));
  else process.exit(await start(async () => { throw new Error('the program is damaged'); }, process.env));`;

test('what is wrong with the place is said before what is wrong with the program, and alone', async () => {
  writeFileSync(join(directory.path, 'file'), 'x');

  const { code, said } = await runScript(broken, join(directory.path, 'file'));

  expect(code).toBe(1);
  expect(said).toMatch(/^WORKING_DIR needs the directory \S+\/file, which is a file\..*\n$/);
});

test('at a good place, what is wrong with the program is said', async () => {
  mkdirSync(join(directory.path, 'good'));

  expect(await runScript(broken, join(directory.path, 'good'))).toEqual({ code: 1, said: 'the program is damaged\n' });
});

test('a disk that holds the thread which looks is said, and does not hold the end', async () => {
  // Whoever opens this to read waits for a writer, in a thread that Node's own end would wait for.
  const held = `
    import { execFileSync } from 'node:child_process';
    import { readFile } from 'node:fs/promises';
    import { lookHere } from 'SOURCES/launcher/place/look-here.ts';
    const fifo = process.env.WORKING_DIR + '/fifo';
    execFileSync('mkfifo', [fifo]);
    const clock = { every: (ms, call) => { const timer = setInterval(call, ms / 100); return () => clearInterval(timer); } };
    const look = async (begin) => { begin('WORKING_DIR /net/away'); await readFile(fifo); };
    await lookHere(look, clock).catch((error) => { console.log(error.message); process.exit(1); });`;

  const { code, said } = await runScript(held);

  expect(said).toMatch(/^WORKING_DIR \/net\/away does not answer\. Is it on a network or FUSE disk/);
  expect(code).toBe(1);
});

test('a network or FUSE disk anywhere on a machine may be the one', () => {
  const root = '22 1 0:20 / / rw,relatime shared:1 - ext4 /dev/vda1 rw';
  const proc = '23 22 0:21 / /proc rw - proc proc rw\n24 23 0:22 / /proc/cpuinfo rw - fuse.lxcfs lxcfs rw';
  const nfs = '25 22 0:23 / /srv/data rw - nfs4 server:/data rw';
  const unknown = '26 22 0:24 / /mnt rw - newfs somewhere rw';

  expect(areAllLocal(`${root}\n${proc}\n`)).toBe(true);
  expect(areAllLocal(`${root}\n${proc}\n${nfs}\n`)).toBe(false);
  expect(areAllLocal(`${root}\n${unknown}\n`)).toBe(false);
});

test('the edge answers while OpenCode is still starting', async () => {
  const port = await probePort('127.0.0.1', 0);
  const launched = launch(directory.path, { PORT: String(port) });
  const openCode = await vi.waitFor(() => {
    const found = processTree(launched.pid).find(({ pid }) => commandOf(pid).includes('/bin/opencode\0serve'));
    if (!found) throw new Error('OpenCode is not there yet');
    return found.pid;
  });
  process.kill(openCode, 'SIGSTOP');

  await vi.waitFor(async () => expect((await apiFetch(`http://127.0.0.1:${port}/api/health`)).status).toBe(200));
  expect(launched.output()).not.toContain('is ready at');
  process.kill(openCode, 'SIGCONT');

  await launched.ready();
  launched.kill('SIGTERM');
  expect(await launched.ended).toBe(0);
});

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // It ended.
  }
};
