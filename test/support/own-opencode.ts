// A process that owns an OpenCode and waits to be killed. Argument: a directory; the config comes by environment.
// Says {url, username, password} on stdout when OpenCode is ready.
import { prepareOpenCode } from '../../host-agent/opencode/process/prepare.ts';
import { startOpenCode } from '../../host-agent/opencode/process/process.ts';

const prepared = await prepareOpenCode({ dir: process.argv[2] ?? '', env: process.env });
const { url, username, password } = await startOpenCode({ prepared });
process.stdout.write(`${JSON.stringify({ url, username, password })}\n`);
