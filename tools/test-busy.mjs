/** `openagent test-busy`: what `openagent test` does, beside four processes that do nothing but keep the cores busy. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { replaceWith } from '../host-agent/launcher/bootstrap/run.mjs';
import { root } from './root.mjs';

/** Two for each of two cores: a test has a third of the machine, and each process waits for its turn. */
const busyCount = 4;

// Each ends by itself when this process does, however it ends.
const script = join(root, 'test', 'support', 'busy.mjs');
const busy = Array.from({ length: busyCount }, () => spawn(process.execPath, [script], { stdio: 'ignore' }));
process.exitCode = await replaceWith(process.execPath, [
  join(import.meta.dirname, 'test.mjs'),
  ...process.argv.slice(2),
]);
for (const one of busy) one.kill('SIGKILL');
