// `npm run chaos`: many rounds of a seeded random schedule of faults, judged one by one. Stops at the first that is not
// right.
import '../support/calibrated.ts';
import { parseArgs } from 'node:util';
import { runRounds } from './rounds.ts';
import { summary } from './summary.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    rounds: { type: 'string', default: '10' },
    from: { type: 'string', default: '0' },
    faults: { type: 'string', default: '' },
    small: { type: 'boolean', default: false },
  },
});

const whole = (name: string, text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} takes a whole number, not "${text}"`);
  return Number(text);
};

const orders = {
  seed: whole('seed', values.seed),
  rounds: whole('rounds', values.rounds),
  from: whole('from', values.from),
  size: values.small ? ('small' as const) : ('full' as const),
  faults: values.faults === '' ? Number.POSITIVE_INFINITY : whole('faults', values.faults),
};

const result = await runRounds(orders, (line) => process.stdout.write(`${line}\n`));
// Said and then ended: what a round that went wrong has left open would keep the run alive for ever.
process.stdout.write(`${summary(orders, result)}\n`, () => process.exit(result.findings.length === 0 ? 0 : 1));
