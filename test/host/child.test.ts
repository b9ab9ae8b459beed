import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Child, describeExit, runProgram, startChild } from '../../host-agent/process/child.ts';
import { identityOf } from '../../host-agent/process/identity.ts';

const env = { PATH: process.env.PATH ?? '' };
const shell = (script: string): [string, ...string[]] => ['/bin/sh', '-c', script];

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'openagent-child-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const beside = (script: string, output: Parameters<typeof startChild>[0]['output'] = 'none'): Promise<Child> =>
  startChild({
    command: shell(script),
    env: { ...env, GIVEN: 'yes' },
    cwd: directory,
    output,
    session: 'own',
    tie: null,
  });

test('a program beside us has the environment and the directory that it was given, and nothing of ours', async () => {
  process.env.NOT_GIVEN = 'a key of a provider';
  const file = join(directory, 'said.log');
  const child = await beside('env; pwd; echo wrong >&2', { file });
  delete process.env.NOT_GIVEN;

  expect(await child.closed).toEqual({ code: 0, signal: null });
  const said = readFileSync(file, 'utf8');
  expect(said).toContain('GIVEN=yes');
  expect(said).toContain(directory);
  expect(said).toContain('wrong');
  expect(said).not.toContain('a key of a provider');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a program leads a process group of its own, where it is told to', async () => {
  const child = await beside('exec sleep 600');

  process.kill(-child.pid, 'SIGTERM');
  expect(describeExit(await child.exited)).toBe('ended by SIGTERM');
});

test('a program that is not there rejects with the reason', async () => {
  const spec = { env, output: 'none', session: 'ours', tie: null } as const;

  await expect(startChild({ ...spec, command: [join(directory, 'missing')] })).rejects.toThrow('ENOENT');
});

test('a program that is waited for hands back what it said and how it ended, whatever that was', async () => {
  const kept = { env, output: 'kept' } as const;

  expect(await runProgram({ ...kept, command: shell('cat; echo; echo no >&2; exit 3'), input: 'read' })).toMatchObject({
    code: 3,
    stdout: 'read\n',
    stderr: 'no\n',
  });
  expect(await runProgram({ ...kept, command: shell('cat') })).toMatchObject({ code: 0, stdout: '' });
  expect(await runProgram({ ...kept, command: shell('kill -9 $$') })).toMatchObject({
    code: undefined,
    signal: 'SIGKILL',
  });
  const missing = await runProgram({ ...kept, command: [join(directory, 'missing')] });
  expect(missing).toMatchObject({ code: undefined, signal: undefined, failure: expect.stringContaining('ENOENT') });
  expect(await runProgram({ ...kept, command: shell('echo $HOME') })).toMatchObject({ code: 0, stdout: '\n' });
});

test('a program that is late, or says more than anybody keeps, is ended', async () => {
  const late = await runProgram({ command: shell('echo $$; exec sleep 600'), env, output: 'kept', withinMs: 1 });
  expect(late).toMatchObject({ code: undefined, signal: undefined });

  const endless = await runProgram({ command: shell('echo $$; while :; do echo more; done'), env, output: 'kept' });
  expect(endless).toMatchObject({ code: undefined, signal: undefined });
  const pid = Number(endless.stdout.split('\n')[0]);
  expect(pid).toBeGreaterThan(0);
  expect(identityOf(pid)).toBeUndefined();
});
