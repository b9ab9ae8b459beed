import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { initLog, inspectWorkspace } from '../../host-agent/workspaces/inspect.ts';
import { temporaryDirectory, testWorkspace } from '../support/host-store.ts';

test('a workspace is described by what is on its disk', async () => {
  const path = temporaryDirectory();
  mkdirSync(join(path, 'etc'));
  writeFileSync(join(path, 'etc/a'), '');
  writeFileSync(join(path, 'usr'), 'a file');

  const { directories, ...rest } = await inspectWorkspace(testWorkspace(path));

  expect(rest).toEqual({ path, path_exists: true, has_bash: true, agent_user: userInfo().username });
  expect(directories.map((each) => each.path)).toEqual(['bin', 'usr', 'etc', 'var', 'var/log', 'root', 'tmp']);
  expect(directories.filter((each) => each.exists)).toEqual([{ path: 'etc', exists: true, file_count: 1 }]);
  expect(await inspectWorkspace(testWorkspace(join(path, 'none')))).toMatchObject({
    path_exists: false,
    has_bash: true,
  });
});

test('of an init log the last 500 lines are shown, and all are counted', async () => {
  const path = temporaryDirectory();
  expect(await initLog(testWorkspace(path))).toEqual({ exists: false, content: '', total_lines: null });
  mkdirSync(join(path, 'var/log'), { recursive: true });
  const file = join(path, 'var/log/openagent-init.log');
  const lines = Array.from({ length: 20_000 }, (_, n) => `line ${n + 1} ${'x'.repeat(50)}`);
  writeFileSync(file, `${lines.join('\n')}\n`);

  const long = await initLog(testWorkspace(path));

  expect(long.total_lines).toBe(20_000);
  expect(long.content.split('\n')).toEqual(lines.slice(-500));
  writeFileSync(file, 'ends\nopen');
  expect(await initLog(testWorkspace(path))).toEqual({ exists: true, content: 'ends\nopen', total_lines: 2 });
  writeFileSync(file, '');
  expect(await initLog(testWorkspace(path))).toEqual({ exists: true, content: '', total_lines: 0 });
});
