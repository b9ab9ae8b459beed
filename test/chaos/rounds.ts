// Rounds one after the other, in laboratories that are replaced now and then, so that their ends are looked at too.
import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Laboratory, startLaboratory } from '../faults/laboratory.ts';
import { limitHostile, ordinary, people } from './hostile.ts';
import { openInstants } from './instants.ts';
import { type Finding, judge } from './judge.ts';
import { playRound } from './round.ts';
import { type FaultName, planRound, type Size } from './schedule.ts';

/** A laboratory is stopped after so many rounds: none of its processes may be left then. */
const roundsPerLaboratory = 10;

export interface Orders {
  seed: number;
  /** At most so many rounds, beginning with number `from`. */
  rounds: number;
  from: number;
  size: Size;
  /** No further round begins after so many faults. */
  faults: number;
}

export interface Result {
  rounds: number;
  /** Faults that were felt, by kind. */
  faults: Map<FaultName, number>;
  messages: number;
  seconds: number;
  findings: Finding[];
  /** The round that was not right, and where its logs are. */
  failed: { round: number; evidence: string } | null;
}

export const countOf = (faults: ReadonlyMap<FaultName, number>): number =>
  [...faults.values()].reduce((sum, count) => sum + count, 0);

/** Plays and judges rounds until one is not right; `tell` is given a line for each. */
export const runRounds = async (orders: Orders, tell: (line: string) => void): Promise<Result> => {
  const startedAt = performance.now();
  const result: Result = { rounds: 0, faults: new Map(), messages: 0, seconds: 0, findings: [], failed: null };
  const isEnough = (): boolean =>
    result.rounds >= orders.rounds || countOf(result.faults) >= orders.faults || result.findings.length > 0;
  while (!isEnough()) {
    const lab = await startLaboratory({ edgeTakesOrders: true, ...people, environment: { TRASH_DAYS: '0' } });
    // The log of a round is read from a position, and there is none before the server has anything of the user.
    const ada = await lab.person({ username: ordinary, direct: true });
    await ada.call('POST', '/api/control/missions', { title: 'before all rounds' });
    await limitHostile(lab);
    const instants = openInstants(lab);
    for (let played = 0; played < roundsPerLaboratory && !isEnough(); played++) {
      await oneRound(lab, instants, orders, result, tell);
    }
    await lab.stop();
    const left = lab.processesLeft();
    if (left.length > 0) result.findings.push({ sort: 'wrong', text: `processes left behind: ${left.join('; ')}` });
  }
  result.seconds = (performance.now() - startedAt) / 1000;
  return result;
};

const oneRound = async (
  lab: Laboratory,
  instants: ReturnType<typeof openInstants>,
  { seed, from, size }: Orders,
  result: Result,
  tell: (line: string) => void,
): Promise<void> => {
  const round = from + result.rounds;
  const plan = planRound(seed, round, size);
  const before = countOf(result.faults);
  const startedAt = performance.now();
  const findings = await playRound(lab, instants, plan, (name) =>
    result.faults.set(name, (result.faults.get(name) ?? 0) + 1),
  ).then(
    async (record) => {
      result.messages += record.missions.reduce((sum, { messages }) => sum + messages.length, 0);
      const found = [...judge(record), ...(await lab.differences()).map((text): Finding => ({ sort: 'wrong', text }))];
      if (found.length > 0) result.failed = { round, evidence: keepEvidence(lab, found, record) };
      return found;
    },
    (error: unknown): Finding[] => {
      const found = [
        { sort: 'wrong' as const, text: error instanceof Error ? (error.stack ?? error.message) : String(error) },
      ];
      result.failed = { round, evidence: keepEvidence(lab, found, null) };
      return found;
    },
  );
  result.rounds += 1;
  result.findings.push(...findings);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const verdict = findings.length === 0 ? 'right' : `${findings.length} findings`;
  tell(`round ${round} (${plan.kind}): ${countOf(result.faults) - before} faults, ${seconds} s, ${verdict}`);
};

/** Logs and record of a round that was not right, in a directory of their own. */
const keepEvidence = (lab: Laboratory, findings: readonly Finding[], record: unknown): string => {
  const directory = mkdtempSync(join(tmpdir(), 'openagent-chaos-'));
  cpSync(join(lab.stateDir, 'logs'), directory, { recursive: true });
  const asJson = (_key: string, value: unknown): unknown => (value instanceof Map ? [...value.values()] : value);
  writeFileSync(join(directory, 'round.json'), JSON.stringify({ findings, record }, asJson, 1));
  return directory;
};
