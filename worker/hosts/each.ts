import { AppError } from '../../shared/errors.ts';
import { logError } from '../log.ts';
import { objectAwayText } from '../object-away.ts';

/** What several servers answered, in their order. `leftOut`: how many of them failed to. */
export interface Answers<T> {
  answers: T[];
  leftOut: number;
}

/**
 * Asks several servers at once, for an answer that is made of all of theirs. One whose object fails is left out, with a
 * line in the log: the others are none the worse for it. Throws 503 where every one failed.
 */
export const askEach = async <T>(hosts: readonly string[], ask: (host: string) => Promise<T>): Promise<Answers<T>> => {
  const asked = await Promise.allSettled(hosts.map(ask));
  const answers: T[] = [];
  let failure: unknown = null;
  for (const [index, each] of asked.entries()) {
    if (each.status === 'fulfilled') answers.push(each.value);
    else {
      failure ??= each.reason;
      logError('host.left_out', each.reason, { host: hosts[index] ?? '' });
    }
  }
  if (hosts.length > 0 && answers.length === 0) throw asUnavailable(failure);
  return { answers, leftOut: hosts.length - answers.length };
};

/**
 * The same for a change that is to be made on all of them: it is made where it can be, and `done` is told what came of
 * it, but that it was made is not said where a server is missing. It may be asked for again.
 */
export const changeEach = async <T>(
  hosts: readonly string[],
  change: (host: string) => Promise<T>,
  done?: (answers: T[]) => Promise<void>,
): Promise<T[]> => {
  const { answers, leftOut } = await askEach(hosts, change);
  await done?.(answers);
  if (leftOut > 0) throw new AppError('unavailable', notEverywhereText(leftOut, hosts.length));
  return answers;
};

const notEverywhereText = (leftOut: number, all: number): string =>
  `${leftOut} of your ${all} servers can't be reached, so this was done on the others alone: try again in a moment.`;

export const asUnavailable = (cause: unknown): AppError =>
  cause instanceof AppError ? cause : new AppError('unavailable', objectAwayText, { cause });
