import { readlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isFrozen } from '../../host-agent/opencode/process/frozen.ts';
import { startLab } from '../support/lab.ts';
import { processTree } from '../support/launched.ts';
import { scaledMs } from '../support/patience.ts';

/** An answer takes a few milliseconds; a busy machine may hold it up for seconds. */
const times = { lookMs: 20, answerMs: scaledMs(2_000), limitMs: scaledMs(4_000), looks: 2 };

test('an OpenCode that has stopped answering is told from one that works, and from one that ended', async () => {
  const { openCode, close } = await startLab();
  let isOver = false;
  const watched = isFrozen(openCode, times).finally(() => {
    isOver = true;
  });
  // Alive for longer than the limit, and answering.
  await new Promise((resolve) => setTimeout(resolve, times.limitMs + times.answerMs));
  expect(isOver).toBe(false);

  const program = processTree(openCode.pid).find(({ pid }) => readlinkSync(`/proc/${pid}/exe`).includes('opencode'));
  if (!program) throw new Error('no OpenCode among its processes');
  process.kill(program.pid, 'SIGSTOP');
  expect(await watched).toBe(true);

  const ending = isFrozen(openCode, { ...times, limitMs: 60_000 });
  await openCode.stop();
  expect(await ending).toBe(false);
  await close();
});
