// What a person reads at the end of a run.
import type { Finding } from './judge.ts';
import { countOf, type Orders, type Result } from './rounds.ts';

/** Findings shown; the rest is in the evidence. */
const maxShown = 20;

/** Faults by kind, losses and duplicates, and how to play a failed round again. */
export const summary = (
  { seed, size }: Orders,
  { rounds, faults, messages, seconds, findings, failed }: Result,
): string => {
  const count = (sort: Finding['sort']): number => findings.filter((finding) => finding.sort === sort).length;
  const kinds = [...faults].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const width = Math.max(...kinds.map(([name]) => name.length), 0) + 2;
  return [
    `seed ${seed}: ${rounds} rounds, ${messages} messages, ${countOf(faults)} faults in ${Math.round(seconds)} s`,
    ...kinds.map(([name, times]) => `  ${name.padEnd(width)}${String(times).padStart(5)}`),
    `${count('lost')} lost, ${count('doubled')} doubled, ${count('wrong')} otherwise wrong`,
    ...findings.slice(0, maxShown).map(({ sort, text }) => `${sort}: ${text.slice(0, 2_000)}`),
    ...(failed
      ? [
          `Logs and record: ${failed.evidence}`,
          `To play it again: npm run chaos -- --seed ${seed} --from ${failed.round} --rounds 1${size === 'small' ? ' --small' : ''}`,
        ]
      : []),
  ].join('\n');
};
