import { readlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isFrozen } from '../../host-agent/opencode/frozen.ts';
import { startLab } from '../support/lab.ts';
import { processTree } from '../support/launched.ts';

const times = { lookMs: 20, answerMs: 100, limitMs: 300, looks: 3 };

test('an OpenCode that has stopped answering is told from one that works, and from one that ended', async () => {
  const { openCode, close } = await startLab();
  let isOver = false;
  const watched = isFrozen(openCode, times).finally(() => {
    isOver = true;
  });
  // Alive for longer than the limit: as many answers as it takes.
  for (let asked = 0; asked < 20; asked++) {
    await fetch(`${openCode.url}/global/health`, { headers: { connection: 'close' } });
    await new Promise((resolve) => setTimeout(resolve, times.lookMs));
  }
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
