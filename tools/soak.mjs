/**
 * `openagent soak`: what takes longer than `npm test` may. Many faults and much garbage, then the layers that wait for
 * other processes again and again, alone and beside busy processes. Goes on after a failure, and ends with one line for
 * each part.
 */
import { parseArgs } from 'node:util';
import { run } from '../host-agent/launcher/bootstrap/run.mjs';
import { bootstrap } from './root.mjs';

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '500' },
    frames: { type: 'string', default: '100000' },
    repeats: { type: 'string', default: '3' },
  },
});
for (const [name, text] of Object.entries(values)) {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} takes a whole number from 1, not "${text}"`);
}

/** Where a test waits for what another process does. */
const waiting = ['host', 'protocol', 'e2e', 'faults', 'conformance', 'chaos', 'planted'];

/** More than any number of faults takes. */
const manyRounds = '1000000';

const projects = waiting.map((name) => `--project=${name}`);
const repeats = Array.from({ length: Number(values.repeats) }, (_, index) => `repeat ${index + 1}`);

/** Command lines of bootstrap, by the name that is shown. */
const parts = [
  [`chaos with ${values.faults} faults`, ['chaos', '--faults', values.faults, '--rounds', manyRounds]],
  [`fuzz with ${values.frames} frames`, ['fuzz', '--frames', values.frames]],
  ...repeats.flatMap((name) => [
    [`${name} of what waits for processes`, ['test', ...projects]],
    [`${name} of it, beside busy processes`, ['test-busy', ...projects]],
  ]),
];

const lines = [];
let hasFailed = false;
for (const [name, command] of parts) {
  const begun = performance.now();
  const code = await run(process.execPath, [bootstrap, ...command]);
  hasFailed ||= code !== 0;
  lines.push(`${code === 0 ? 'passed ' : 'FAILED '} ${name} (${Math.ceil((performance.now() - begun) / 60_000)} min)`);
}
for (const line of lines) console.log(line);
process.exitCode = hasFailed ? 1 : 0;
