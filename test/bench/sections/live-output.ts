// What a command prints, from the command to a viewer, beside a bare pipe; and somebody's tokens beside another's
// flood.
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import type { Person } from '../../support/person.ts';
import { record } from '../arrivals.ts';
import { atMost, atMostTimes, type Report, round } from '../figures.ts';
import { type RunningSystem, startRunningSystem } from '../running-system.ts';
import { type Spread, spreadOf } from '../spread.ts';
import { streamRound } from '../streamed.ts';

/** The aim for the first byte of an output, at a viewer. */
const aimMs = 30;
/** Of the tokens of somebody else, beside the same commands printing to nobody. */
const aimTimes = 1.2;
/** Longer than anything gathers output (commands/live), so that each line is a first byte. */
const pauseSeconds = 0.25;
const floods = 4;
const tokensPerSecond = 50;
const settleMs = 1_000;

/** Prints lines as the scripted model prints STAMPS (arrivals.ts), with the time of each. */
const stamps = (lines: number, name: number): string =>
  `for i in $(seq ${lines}); do sleep ${pauseSeconds}; t=\${EPOCHREALTIME/[.,]/}; printf '${name}.%d@%d \\n' $i $((t / 1000)); done`;

const runs = (command: string): string => `TOOL bash ${JSON.stringify({ command, description: 'Prints' })}\nSAY Over.`;

export const liveOutput = async (report: Report, quick: boolean): Promise<void> => {
  const system = await startRunningSystem({ users: ['quiet', 'flooding'] });
  try {
    await measureFirstByte(system, report, quick ? 20 : 200);
    await measureBesideFlood(system, report, quick ? 5 : 15);
  } finally {
    await system.close();
  }
};

const measureFirstByte = async (system: RunningSystem, report: Report, lines: number): Promise<void> => {
  await atViewer(system, 5, 1); // Warm.
  const [ours, plain] = [await atViewer(system, lines, 2), await atPipe(lines)];
  for (const at of ['p50', 'p95', 'p99'] as const)
    report({
      name: `a line of a command, from printing it to a viewer, ${at}`,
      value: ours[at],
      unit: 'ms',
      baseline: { name: `ms a bare pipe ${at}`, value: plain[at] },
      aim: at === 'p99' ? null : atMost(ours[at], aimMs, 'ms'),
      note: 'each line comes after a pause, so that none waits for one before it',
    });
};

const atViewer = async (system: RunningSystem, lines: number, name: number): Promise<Spread> => {
  const client = await record(`${system.url}/api/control/stream?format=delta`, system.headers);
  const asked = system.untilAsked();
  await system.person.say(runs(stamps(lines, name)));
  await asked;
  await system.untilIdle();
  await system.untilAsked(); // The step behind the command.
  client.close();
  return spreadOf([...client.tokens()].filter(([id]) => id.startsWith(`${name}.`)).map(([, { delayMs }]) => delayMs));
};

const atPipe = async (lines: number): Promise<Spread> => {
  const child = spawn('/bin/bash', ['-c', stamps(lines, 1)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const delays: number[] = [];
  for await (const piece of child.stdout) {
    const sent = /@(\d+) /.exec(String(piece))?.[1];
    delays.push(performance.timeOrigin + performance.now() - Number(sent));
  }
  return spreadOf(delays);
};

/** What a user's tokens take longer while another's commands print as fast as they can. */
const measureBesideFlood = async (system: RunningSystem, report: Report, seconds: number): Promise<void> => {
  const turn = { missions: 1, tokensPerSecond, seconds };
  const alone = (await streamRound(system, turn)).added;
  const unseen = await beside(system, 'yes | cat > /dev/null', turn);
  const seen = await beside(system, 'yes', turn);
  for (const at of ['p50', 'p99'] as const)
    report({
      name: `a token of somebody beside ${floods} commands of another that print without end, ${at}`,
      value: seen[at],
      unit: 'ms',
      baseline: { name: `ms beside the same printing to nobody, ${at}`, value: unseen[at] },
      aim: at === 'p50' ? atMostTimes(seen[at], Math.max(1, unseen[at]), aimTimes) : null,
      note: `${round(alone[at])} ms with nothing beside it`,
    });
};

const beside = async (system: RunningSystem, command: string, turn: Parameters<typeof streamRound>[1]) => {
  const other: Person = await system.personOf('flooding');
  const viewer = await record(`${system.url}/api/control/stream?format=delta`, await system.headersOf('flooding'));
  const missions: string[] = [];
  for (let begun = 0; begun < floods; begun++) missions.push((await other.say(runs(command))).mission);
  for (let begun = 0; begun < floods; begun++) await system.untilAsked();
  await pause(settleMs);
  try {
    return (await streamRound(system, turn)).added;
  } finally {
    for (const mission of missions) await other.call('POST', `/api/control/missions/${mission}/cancel`);
    viewer.close();
    await pause(settleMs);
  }
};
