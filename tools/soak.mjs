/**
 * `openagent soak`: what takes longer than `npm test` may. All of what test/soak does a little of, many faults and much
 * garbage, then layers that wait for other processes, alone and beside busy processes. Goes on after a failure, and
 * ends with one line for each part.
 */
import { parseArgs } from 'node:util';
import { run } from '../host-agent/launcher/bootstrap/run.mjs';
import { tool } from './lint.mjs';
import { bootstrap } from './root.mjs';

/** Together less than 40 minutes on two quiet cores; `help.mjs` says what each is. */
const numbers = {
  servers: '200',
  events: '1000000',
  missions: '5000',
  minutes: '10',
  faults: '200',
  frames: '50000',
  repeats: '1',
};
const names = ['d1', 'servers', 'store', 'missions', 'chaos', 'fuzz', 'layers'];

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: names.join(',') },
    ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, { type: 'string', default: value }])),
  },
});
const { only, ...chosen } = values;
for (const [name, text] of Object.entries(chosen)) {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} takes a whole number from 1, not "${text}"`);
}
const wanted = only.split(',');
for (const name of wanted) {
  if (!names.includes(name)) throw new Error(`--only knows ${names.join(', ')}; not "${name}"`);
}

/** Where a test waits for what another process does, and nothing above looks at the same. */
const waiting = ['host', 'protocol', 'faults'];

/** More than any number of faults takes. */
const manyRounds = '1000000';

const projects = waiting.map((name) => `--project=${name}`);
const repeats = Array.from({ length: Number(values.repeats) }, (_, index) => `repeat ${index + 1}`);

const soak = (file, title, env) => ({
  part: file,
  title,
  run: () =>
    tool('vitest', ['run', '--project=soak', `test/soak/${file}.test.ts`, '--silent=false'], {
      env: { ...process.env, ...env },
    }),
});
const script = (part, title, command) => ({
  part,
  title,
  run: () => run(process.execPath, [bootstrap, ...command]),
});

/** What is in a row is done one after the other; rows of one group at the same time: an outage is mostly waited for. */
const groups = [
  [
    [soak('d1', `${values.minutes} minutes without D1`, { SOAK_AWAY_SECONDS: String(Number(values.minutes) * 60) })],
    [
      soak('servers', `${values.servers} servers`, { SOAK_SERVERS: values.servers }),
      soak('store', `a store of ${values.events} events`, { SOAK_EVENTS: values.events }),
    ],
  ],
  [[soak('missions', `${values.missions} missions on one server`, { SOAK_MISSIONS: values.missions })]],
  [
    [
      script('chaos', `chaos with ${values.faults} faults`, [
        'chaos',
        '--faults',
        values.faults,
        '--rounds',
        manyRounds,
      ]),
      script('fuzz', `fuzz with ${values.frames} frames`, ['fuzz', '--frames', values.frames]),
      ...repeats.flatMap((name) => [
        script('layers', `${name} of ${waiting.join(', ')}`, ['test', ...projects]),
        script('layers', `${name} of them, beside busy processes`, ['test-busy', ...projects]),
      ]),
    ],
  ],
];

const lines = [];
let hasFailed = (await run(process.execPath, [bootstrap, 'build'])) !== 0;
const oneAfterTheOther = async (row) => {
  for (const { part, title, run: doIt } of row) {
    if (!wanted.includes(part)) continue;
    const begun = performance.now();
    const code = await doIt();
    hasFailed ||= code !== 0;
    lines.push(
      `${code === 0 ? 'passed ' : 'FAILED '} ${part}: ${title} (${Math.ceil((performance.now() - begun) / 60_000)} min)`,
    );
  }
};
const startedAt = performance.now();
for (const group of groups) await Promise.all(group.map(oneAfterTheOther));
for (const line of lines) console.log(line);
console.log(`${Math.ceil((performance.now() - startedAt) / 60_000)} minutes in all`);
process.exitCode = hasFailed ? 1 : 0;
