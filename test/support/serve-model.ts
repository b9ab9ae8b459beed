// `npm run model`: the scripted model of the tests as a provider, to try Open Agent without a key.
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labConfig } from './lab.ts';
import { startModel } from './model.ts';

/** The port of the provider in the README's session. */
const port = 4198;

const model = await startModel({ port });
const settings = join(tmpdir(), 'openagent-model.env');
writeFileSync(settings, `DEFAULT_MODEL=lab/m1\nOPENCODE_CONFIG_CONTENT='${labConfig(model.url)}'\n`);
process.stdout.write(`The scripted model answers at ${model.url}.
It does what a message says: SAY text · REASON text · TOOL name {json} · TOKENS n DELAY ms · ERROR status; else it repeats the message.
In another terminal: OPENAGENT_CONFIG=${settings} npm start
`);
