import { readlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isFrozen } from '../../host-agent/opencode/process/frozen.ts';
import { handClock } from '../support/hand-clock.ts';
import { startLab } from '../support/lab.ts';
import { processTree } from '../support/launched.ts';

/** As in production, but that a look and an answer are told apart by their time. */
const times = { lookMs: 10_000, answerMs: 11_000, limitMs: 120_000, looks: 6 };

test('an OpenCode that has stopped answering is told from one that works, and from one that ended', async () => {
  const { openCode, close } = await startLab();
  const clock = handClock();
  const next = async (ms: number): Promise<void> => {
    await clock.awaited(ms);
    clock.advance(ms);
  };
  const watched = isFrozen(openCode, clock, times);
  // Alive for longer than the limit, and answering: each answer is followed by the wait for the next look.
  for (let lookedMs = 0; lookedMs <= times.limitMs; lookedMs += times.lookMs) await next(times.lookMs);
  await clock.awaited(times.lookMs);

  const program = processTree(openCode.pid).find(({ pid }) => readlinkSync(`/proc/${pid}/exe`).includes('opencode'));
  if (!program) throw new Error('no OpenCode among its processes');
  process.kill(program.pid, 'SIGSTOP');
  let frozen = 'not yet';
  void watched.then((is) => {
    frozen = String(is);
  });
  for (let look = 1; look <= times.looks; look++) {
    expect(frozen).toBe('not yet');
    await next(times.lookMs);
    await next(times.answerMs);
  }
  expect(await watched).toBe(true);

  const ending = isFrozen(openCode, clock, times);
  await openCode.stop();
  expect(await ending).toBe(false);
  await close();
});
