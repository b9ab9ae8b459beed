import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Commands, makeCommands } from '../../host-agent/hands/commands/commands.ts';
import { bashOutputTool } from '../../host-agent/hands/tools/background.ts';
import { workspaceBashTool } from '../../host-agent/hands/tools/workspace-bash.ts';
import { systemClock } from '../../shared/clock.ts';
import { processesWith, uniqueSeconds } from '../support/processes.ts';
import { callAllowed, callGranting, situationIn } from '../support/tool-call.ts';

let mission: string;
let commands: Commands;

beforeEach(() => {
  mission = realpathSync(mkdtempSync(join(tmpdir(), 'openagent-workspace-bash-')));
  commands = makeCommands({ PATH: process.env.PATH, HOME: mission });
});
afterEach(async () => {
  await commands.endAll(systemClock);
  rmSync(mission, { recursive: true, force: true });
});

const run = async (args: object) => (await callAllowed(workspaceBashTool(commands), args, situationIn(mission))).text;

test('the exit code comes first, then each output in a section of its own', async () => {
  expect(await run({ command: 'echo out; echo err >&2; exit 4' })).toBe(
    'Exit code: 4\n--- stdout ---\nout\n\n--- stderr ---\nerr\n',
  );
  expect(await run({ command: 'true' })).toBe('Exit code: 0');
  expect(await run({ command: 'kill -9 $$' })).toBe('Exit code: 137');
  expect(await run({ command: 'echo err >&2; echo out', raw: true })).toBe('err\nout\n');
});

test('it reads what it is given, in the directory, shell and environment that are named', async () => {
  expect(await run({ command: 'cat; echo $A; pwd', stdin: 'in\n', env: { A: 'b' }, cwd: '/usr', raw: true })).toBe(
    'in\nb\n/usr\n',
  );
  expect(await run({ command: 'echo "none$BASH_VERSION"', shell: '/bin/sh', raw: true })).toBe('none\n');
  const names = await run({ command: 'env', clear_env: true, env: { A: 'b' }, raw: true });
  expect(names).toContain('A=b');
  expect(names).not.toContain('HOME=');
});

test('a program that does not read what it is given is not broken by that', async () => {
  expect(await run({ command: 'exit 3', stdin: 'x'.repeat(1_000_000) })).toBe('Exit code: 3');
});

test('milliseconds come before seconds, and end what takes longer with all that it started', async () => {
  const sleeper = uniqueSeconds();
  const text = await run({ command: `sleep ${sleeper} & wait`, timeout_secs: 5000, timeout_ms: 200 });

  expect(text).toContain('Exit code: 143\n[ended after 200 ms');
  expect(processesWith(sleeper)).toEqual([]);
});

test('an output is cut at as many characters as are wanted, and all of it is in a file', async () => {
  const text = await run({ command: 'seq 1 5000', max_output_chars: 1000 });

  expect(text).toMatch(/^Exit code: 0\n--- stdout ---\n1\n2\n/);
  expect(text).toMatch(/all of it is in \S+\.txt/);
  expect(text.length).toBeLessThan(1300);
});

test('what would take the whole machine is refused before anybody is asked', async () => {
  expect(await workspaceBashTool(commands).run({ command: 'sudo rm -rf /' }, situationIn(mission))).toEqual({
    kind: 'failed',
    text: 'Tool error: It would delete everything on this machine. It was not run.',
  });
});

test('a shell or directory that is not there is told, and nothing is run', async () => {
  const failed = (args: object) => callGranting(workspaceBashTool(commands), args, situationIn(mission));

  expect(await failed({ command: 'true', cwd: 'none' })).toMatchObject({ kind: 'failed' });
  expect(await failed({ command: 'true', shell: '/bin/none' })).toMatchObject({
    kind: 'failed',
    text: expect.stringContaining('/bin/none'),
  });
});

test('what it left running is read on from where its call ended', async () => {
  const text = await run({ command: 'echo before; (until [ -e go ]; do sleep 0.05; done; echo after) &', raw: true });
  const [, id = ''] = /left running as (bash_\w+)/.exec(text) ?? [];
  writeFileSync(join(mission, 'go'), '');

  let printed = '';
  await vi.waitFor(async () => {
    printed += (await callAllowed(bashOutputTool(commands), { id }, situationIn(mission))).text;
    expect(printed).toContain('after');
  });
  expect(text).toContain('before');
  expect(printed).not.toContain('before');
});
