import { type Clock, wait } from '../../../shared/clock.ts';
import { signalProcess } from '../../process/child.ts';
import { familyOf, isThere, type Relative, type Root } from './family.ts';

/** What a process has to end in order: OpenCode gives as much. */
const usualGraceMs = 3000;
/** A process that does not end of SIGKILL hangs in the kernel, on a disk that does not answer. */
const killWaitMs = 15_000;
const lookEveryMs = 20;

/**
 * Ends all processes of commands (see `familyOf`): SIGTERM, after a grace SIGKILL, until none is left. Resolves to what
 * could not be ended.
 */
export const endFamily = async (
  roots: readonly Root[],
  mark: string,
  clock: Clock,
  graceMs = usualGraceMs,
): Promise<Relative[]> => {
  const first = familyOf(roots, mark);
  if (first.length === 0) return [];
  // A stopped process hears nothing before it goes on.
  for (const signal of ['SIGTERM', 'SIGCONT'] as const) send(first, signal);
  const until = clock.steadyMs() + graceMs;
  while (first.some(isThere) && clock.steadyMs() < until) await wait(clock, lookEveryMs);

  const late = clock.steadyMs() + killWaitMs;
  // Twice: a process that is just becoming another program has no environment for a moment, so it is not found.
  for (let timesEmpty = 0; timesEmpty < 2; ) {
    freeze(roots, mark, () => clock.steadyMs() > late);
    const left = familyOf(roots, mark);
    if (clock.steadyMs() > late) return left;
    timesEmpty = left.length === 0 ? timesEmpty + 1 : 0;
    send(left, 'SIGKILL');
    await wait(clock, lookEveryMs);
  }
  return [];
};

/** Stops all of them, so that none starts another one while they are ended one after the other. */
const freeze = (roots: readonly Root[], mark: string, isLate: () => boolean): void => {
  const frozen = new Set<string>();
  const nameOf = ({ pid, startTicks }: Relative) => `${pid} ${startTicks}`;
  while (!isLate()) {
    const running = familyOf(roots, mark).filter((each) => !frozen.has(nameOf(each)));
    if (running.length === 0) return;
    send(running, 'SIGSTOP');
    for (const each of running) frozen.add(nameOf(each));
  }
};

/** To their groups, which get it in one piece whatever they start meanwhile, and to each that shares its group. */
const send = (family: readonly Relative[], signal: NodeJS.Signals): void => {
  const groups = new Set(family.map(({ group }) => group).filter((group) => group > 1));
  for (const group of groups) trySend(-group, signal);
  for (const { pid, group } of family) if (!groups.has(group)) trySend(pid, signal);
};

const trySend = (target: number, signal: NodeJS.Signals): void => {
  try {
    signalProcess(target, signal);
  } catch {
    // Another user's (a set-uid program): what is left is told in the end.
  }
};
