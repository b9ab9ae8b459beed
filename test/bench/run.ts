// `npm run bench`: measures what the project promises, each figure beside a baseline of the same run.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { packageRoot } from '../../host-agent/launcher/package-root.ts';
import { circumstances } from './circumstances.ts';
import { type Figure, line, type Report, table } from './figures.ts';
import { attach } from './sections/attach.ts';
import { cost } from './sections/cost.ts';
import { delay } from './sections/delay.ts';
import { deletion } from './sections/deletion.ts';
import { fanout } from './sections/fanout.ts';
import { firstAnswer } from './sections/first-answer.ts';
import { firstToken } from './sections/first-token.ts';
import { fullStart } from './sections/full-start.ts';
import { hands } from './sections/hands.ts';
import { hostile } from './sections/hostile.ts';
import { liveOutput } from './sections/live-output.ts';
import { loginFlood } from './sections/login-flood.ts';
import { oneOfMany } from './sections/one-of-many.ts';
import { polled } from './sections/polled.ts';
import { replay } from './sections/replay.ts';
import { scale } from './sections/scale.ts';
import { snapshots } from './sections/snapshots.ts';
import { start } from './sections/start.ts';
import { tools } from './sections/tools.ts';

/** In the order of a whole run; the texts are what `--help` says. */
const sections: Record<string, { what: string; measure: (report: Report, quick: boolean) => Promise<void> }> = {
  delay: { what: 'what a token takes longer than on the stream of OpenCode itself', measure: delay },
  fanout: { what: 'events a second to 1 and 100 viewers, beside a minimal object', measure: fanout },
  replay: { what: 'a stream that comes back, and pages of stored events', measure: replay },
  scale: { what: '1 and 200 missions at once', measure: scale },
  start: { what: 'from the command to ready', measure: start },
  'first-answer': { what: '`npm start` to its first answer, beside `npm --version`', measure: firstAnswer },
  'first-token': { what: 'from a message to the model, beside OpenCode itself', measure: firstToken },
  attach: { what: 'back at a running turn where 5,000 missions rest, beside 10', measure: attach },
  polled: { what: 'what dashboards poll, beside one read of D1', measure: polled },
  'one-of-many': {
    what: '`running` and `stats` of one of 1,000 users on 200 servers, beside one read of D1',
    measure: oneOfMany,
  },
  'login-flood': { what: 'a stream beside 100 made-up logins a second', measure: loginFlood },
  hostile: { what: 'an ordinary user beside one who is at every quota', measure: hostile },
  'full-start': { what: 'the start of an object with every quota full, beside an empty one', measure: fullStart },
  hands: { what: 'a call of a tool by way of the hands, beside a bare server; their memory', measure: hands },
  'live-output': {
    what: 'the first byte of a command at a viewer, beside a bare pipe; tokens beside a flood',
    measure: liveOutput,
  },
  tools: { what: 'calls of tools that agents make, beside the same of OpenCode’s own', measure: tools },
  snapshots: { what: 'the border of a turn in a tree of 10,000 files, beside `git status`', measure: snapshots },
  deletion: { what: 'deleting a small mission in a long log, beside a short one', measure: deletion },
  cost: { what: 'rows, requests and dollars an hour', measure: cost },
};

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

if (values.help) {
  say('npm run bench -- [--quick] [--only SECTION,…] [--json FILE]\n\nSections:');
  for (const [name, { what }] of Object.entries(sections)) say(`  ${name.padEnd(14)}${what}`);
  process.exit();
}

const wanted = values.only?.split(',') ?? Object.keys(sections);
for (const name of wanted) {
  if (!(name in sections)) throw new Error(`--only knows ${Object.keys(sections).join(', ')}; not "${name}"`);
}

// The bench measures what would be shipped.
await promisify(execFile)(process.execPath, [join(packageRoot(), 'host-agent', 'launcher', 'bootstrap.mjs'), 'build']);

const figures: Figure[] = [];
const failures: string[] = [];
const around = await circumstances();
const begun = performance.now();
for (const section of wanted) {
  say(`Measuring ${section} …`);
  const sectionBegun = performance.now();
  const report: Report = (figure) => {
    figures.push({ section, ...figure });
    say(`  ${line({ section, ...figure })}`);
  };
  try {
    await sections[section]?.measure(report, values.quick);
  } catch (cause) {
    failures.push(section);
    say(`  ${section} could not be measured: ${cause instanceof Error ? (cause.stack ?? cause.message) : cause}`);
  }
  say(`  ${section} took ${((performance.now() - sectionBegun) / 60_000).toFixed(1)} minutes.`);
}

const minutes = (performance.now() - begun) / 60_000;
const missed = figures.filter(({ aim }) => aim?.met === false).length;
say(`\n${table(figures)}\n`);
say(
  `${around.at}, ${around.commit}, ${around.cpus} cores (${around.model}), load ${around.loadAtStart.toFixed(2)} at the start.`,
);
say(
  `${figures.length} figures in ${minutes.toFixed(1)} minutes${values.quick ? ', a short run' : ''}: ${missed} missed their aim, ${failures.length} sections failed.`,
);
// The last line is for programs.
const json = JSON.stringify({ ...around, minutes, quick: values.quick, figures, failures });
if (values.json) writeFileSync(values.json, `${json}\n`);
say(json);
process.exitCode = failures.length === 0 ? 0 : 1;
