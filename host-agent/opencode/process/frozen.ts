import type { Clock } from '../../../shared/clock.ts';
import { type AnsweringTimes, stopsAnswering } from '../../process/answering.ts';
import { basicAuthorization } from '../api/authorization.ts';
import type { OpenCodeProcess } from './process.ts';
import { isAnswering } from './readiness.ts';

/** Resolves with true when a running OpenCode has stopped answering for good, with false when it ended by itself. */
export const isFrozen = (
  { url, username, password, exited }: Pick<OpenCodeProcess, 'url' | 'username' | 'password' | 'exited'>,
  clock: Clock,
  times?: AnsweringTimes,
): Promise<boolean> => {
  const authorization = basicAuthorization({ username, password });
  return stopsAnswering(
    { exited, answers: (limitMs) => isAnswering(url, authorization, clock, limitMs) },
    clock,
    times,
  );
};
