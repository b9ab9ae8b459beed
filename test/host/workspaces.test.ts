import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workspacesOf } from '../../host-agent/workspaces/registry.ts';
import { nilWorkspace } from '../../shared/ids.ts';
import { ownWorkspace, temporaryDirectory, testWorkspace } from '../support/host-store.ts';

test('a server knows its own workspace by its id and by the alias, and no other', () => {
  const host = testWorkspace(temporaryDirectory());
  const workspaces = workspacesOf(host);

  expect([workspaces.host, workspaces.named(ownWorkspace), workspaces.named(nilWorkspace)]).toEqual([host, host, host]);
  for (const other of ['5d4ee7ac-9d0e-4f7c-8f7e-0d2a5a9b8c11', '', 'host', ownWorkspace.toUpperCase()])
    expect(() => workspaces.named(other), other).toThrow(
      expect.objectContaining({ code: 'not_found', message: expect.stringMatching(/no workspace .*GET \/api\/work/) }),
    );
});

test('a program runs in the directory of its workspace, or in the one it is given, and its end is told', async () => {
  const { directory, run } = testWorkspace(realpathSync(temporaryDirectory()));
  mkdirSync(join(directory, 'deeper'));

  expect(await run('pwd', [])).toEqual({ exitCode: 0, stdout: `${directory}\n`, stderr: '' });
  expect((await run('pwd', [], { directory: join(directory, 'deeper') })).stdout).toBe(`${directory}/deeper\n`);
  expect(await run('sh', ['-c', 'echo out; echo err >&2; exit 7'])).toEqual({
    exitCode: 7,
    stdout: 'out\n',
    stderr: 'err\n',
  });
  expect((await run('sh', ['-c', 'kill -KILL $$'])).exitCode).toBe(137);
});

test('what a program is given is never read by a shell, and a line for the shell is', async () => {
  const { directory, run, shell } = testWorkspace(realpathSync(temporaryDirectory()));
  writeFileSync(join(directory, 'a file'), '');

  expect((await run('echo', ['$HOME', '*', '; exit 3'])).stdout).toBe('$HOME * ; exit 3\n');
  expect(await shell('for f in *; do echo "<$f>"; done; exit 3')).toEqual({
    exitCode: 3,
    stdout: '<a file>\n',
    stderr: '',
  });
  expect((await shell('[[ $PWD == */?* ]] && echo bash')).stdout).toBe('bash\n');
});

test('a program that is not there, or that never stops talking, is an error that names it', async () => {
  const { run } = testWorkspace(temporaryDirectory());

  await expect(run('no-such-program', [])).rejects.toThrow(/^no-such-program could not be run in .*ENOENT/);
  await expect(run('yes', [])).rejects.toThrow(/^yes could not be run/);
});
