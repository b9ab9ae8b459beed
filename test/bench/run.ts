// `npm run bench`: measures what the project promises, each figure beside a baseline of the same run.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { packageRoot } from '../../host-agent/launcher/package-root.ts';
import { type Figure, type Report, table } from './figures.ts';
import { cost } from './sections/cost.ts';
import { delay } from './sections/delay.ts';
import { fanout } from './sections/fanout.ts';
import { polled } from './sections/polled.ts';
import { replay } from './sections/replay.ts';
import { scale } from './sections/scale.ts';

const sections: Record<string, (report: Report, quick: boolean) => Promise<void>> = {
  delay,
  fanout,
  replay,
  scale,
  cost,
  polled,
};

const { values } = parseArgs({
  options: { only: { type: 'string' }, json: { type: 'string' }, quick: { type: 'boolean', default: false } },
});

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const wanted = values.only?.split(',') ?? Object.keys(sections);
for (const name of wanted) {
  if (!(name in sections)) throw new Error(`--only knows ${Object.keys(sections).join(', ')}; not "${name}"`);
}

// The bench measures what would be shipped.
await promisify(execFile)(process.execPath, [join(packageRoot(), 'host-agent', 'launcher', 'bootstrap.mjs'), 'build']);

const figures: Figure[] = [];
const failures: string[] = [];
const loadAtStart = loadavg()[0] ?? 0;
for (const name of wanted) {
  say(`Measuring ${name} …`);
  try {
    await sections[name]?.((figure) => figures.push({ section: name, ...figure }), values.quick);
  } catch (cause) {
    failures.push(name);
    say(`  ${name} could not be measured: ${cause instanceof Error ? (cause.stack ?? cause.message) : cause}`);
  }
}

const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? '', memoryBytes: totalmem(), loadAtStart };
if (values.json)
  writeFileSync(values.json, `${JSON.stringify({ machine, quick: values.quick, figures, failures }, null, 2)}\n`);
say(`\n${table(figures)}\n`);
say(`${machine.cpus} cores, load ${loadAtStart.toFixed(2)} at the start${values.quick ? '; a short run' : ''}.`);
const missed = figures.filter(({ aim }) => aim?.met === false).length;
say(`${figures.length} figures, ${missed} missed their aim, ${failures.length} sections failed.`);
process.exitCode = failures.length === 0 ? 0 : 1;
