/** `openagent pack`: the host-agent's npm package, as the edge serves it, into the current directory. */
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../host-agent/launcher/bootstrap/run.mjs';
import { bootstrap, root } from './root.mjs';

const packed = join(root, 'dist', 'worker', 'assets', 'api', 'agent');

const code = await run(process.execPath, [bootstrap, 'build']);
if (code === 0) {
  const { version, sha256, size } = JSON.parse(readFileSync(join(packed, 'package.json'), 'utf8'));
  const name = `open-agent-host-${version}.tgz`;
  copyFileSync(join(packed, 'package.tgz'), name);
  console.log(`${name}: ${size} bytes, sha256 ${sha256}`);
}
process.exitCode = code;
