/**
 * `openagent test-install`: a clean Debian by debootstrap becomes a server, is updated and removed. Needs root and the
 * network.
 */
import { join } from 'node:path';
import { installMissing, installPrograms } from '../host-agent/launcher/bootstrap/debian.mjs';
import { run } from '../host-agent/launcher/bootstrap/run.mjs';
import { tool } from './lint.mjs';
import { bootstrap, root } from './root.mjs';

/** Neither passed nor failed: the code by which test runners know a test that could not be run. */
const notTried = 77;

const tryIt = async () => {
  const built = await run(process.execPath, [bootstrap, 'build']);
  return built || tool('vitest', ['run', '--project', 'install', ...process.argv.slice(2)]);
};

// By its path: the host-agent's sources import nothing of the tests.
const { reasonForNoTree } = await import(join(root, 'test', 'install', 'debian-tree.ts'));

await installMissing(installPrograms);
const reason = reasonForNoTree();
if (reason) console.error(`The installation was not tried: ${reason}.`);
process.exitCode = reason ? notTried : await tryIt();
