/** `openagent test-install`: a clean Debian by debootstrap becomes a server, is updated and removed. Needs root and the network. */
import { join } from 'node:path';
import { tool } from './lint.mjs';
import { run } from './run.mjs';

const built = await run(process.execPath, [join(import.meta.dirname, '..', 'bootstrap.mjs'), 'build']);
process.exitCode = built || (await tool('vitest', ['run', '--project', 'install', ...process.argv.slice(2)]));
