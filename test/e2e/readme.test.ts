import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { eventMs } from '../support/patience.ts';
import { password, startStack } from '../support/stack.ts';

test('the curl session of the README works as written', async () => {
  const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
  const session = /<!-- session: [^>]*-->\n```bash\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const directory = mkdtempSync(join(tmpdir(), 'readme-'));
  const stack = await startStack();
  // The port is the one thing a test can't share with a person; the stream's curl is ended with the shell.
  const script = `${session.replace('http://127.0.0.1:8787', stack.url())}\nkill %1\n`;

  const { stdout } = await promisify(execFile)('bash', ['-c', script], {
    cwd: directory,
    env: { PATH: process.env.PATH, PASSWORD: password },
    timeout: eventMs,
  });
  await stack.close();
  rmSync(directory, { recursive: true });

  expect(stdout).toContain('"queued":false');
  expect(stdout).toMatch(/event: tool_call\ndata: .*"name":"write"/);
  expect(stdout).toMatch(/event: assistant_message\ndata: .*"content":"I wrote hello.txt."/);
  expect(stdout).toContain('"status":"completed"');
});
