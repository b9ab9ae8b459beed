import { expect, test } from 'vitest';
import { type Stopping, stopSession } from '../../host-agent/missions/runner/stop.ts';
import { OpenCodeAway } from '../../host-agent/opencode/api/failure.ts';
import type { Log } from '../../host-agent/process/log.ts';
import { abortGraceMs } from '../../shared/limits.ts';
import { handClock } from '../support/hand-clock.ts';

const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silent,
};

/** A session that is being stopped, of an OpenCode that the test plays; each wait takes its time. */
const stopping = () => {
  const clock = handClock();
  const played = {
    isAway: false,
    isBusy: true,
    isSettled: true,
    isGivenUp: false,
    failure: null as string | null,
    waitedMs: 0,
    /** What happens meanwhile. */
    meanwhile: (): void => undefined,
  };
  const asked: string[] = [];
  const ask = async <T>(what: string, answer: T): Promise<T> => {
    if (played.isAway) throw new OpenCodeAway('played');
    asked.push(what);
    return answer;
  };
  const given: Stopping = {
    client: {
      status: () => ask('status', { type: played.isBusy ? 'busy' : 'idle', text: '', nextAt: null }),
      abort: () => ask('abort', true),
      disposeInstance: () => ask('dispose', true),
      failure: () => played.failure,
      permissions: () => ask('permissions', []),
      questions: () => ask('questions', []),
      replyPermission: () => ask('reply', true),
      rejectQuestion: () => ask('reject', true),
    },
    clock,
    log: silent,
    directory: '/d',
    session: 'ses_1',
    sessions: () => ['ses_1'],
    isSettled: () => played.isSettled,
    isGivenUp: () => played.isGivenUp,
    wait: async (ms) => {
      clock.advance(ms);
      played.waitedMs += ms;
      played.meanwhile();
    },
  };
  return { played, asked, given };
};

test('an OpenCode that is away is waited for, however long it takes, and what it stored is read before the end', async () => {
  const { played, asked, given } = stopping();
  Object.assign(played, { isAway: true, isSettled: false });
  played.meanwhile = () => {
    if (played.waitedMs < 3 * abortGraceMs) return;
    Object.assign(played, { isAway: false, isBusy: false });
    if (asked.length > 3) played.isSettled = true;
  };

  await stopSession(given);

  expect(played.waitedMs).toBeGreaterThan(3 * abortGraceMs);
  expect(played.isSettled).toBe(true);
  expect(asked).not.toContain('dispose');
});

test('one that can not be started is not', async () => {
  const { played, asked, given } = stopping();
  Object.assign(played, { isAway: true, failure: 'no such file' });

  await stopSession(given);

  expect([asked, played.waitedMs]).toEqual([[], 0]);
});

test('neither is it where this process goes, which leaves the session to the next', async () => {
  const { played, given } = stopping();
  played.isAway = true;
  played.meanwhile = () => {
    played.isGivenUp = played.waitedMs >= 2 * abortGraceMs;
  };

  await stopSession(given);

  expect(played.waitedMs).toBe(2 * abortGraceMs);
});

test('one that answers and is still busy after the grace has the instance of the directory disposed', async () => {
  const { played, asked, given } = stopping();

  await stopSession(given);

  expect(asked.at(-1)).toBe('dispose');
  expect(played.waitedMs).toBe(abortGraceMs);
});
