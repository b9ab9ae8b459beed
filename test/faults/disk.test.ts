// The disk under the host-agent's outbox is full in the middle of a turn (a small tmpfs): nothing breaks, nothing is
// lost.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshWorkingDir } from '../support/launched.ts';
import { noMount, unless } from '../support/needs.ts';
import { callsOf, expectAgreed, expectSeen, expectWhole, hostSaid } from './case.ts';
import { lab, me, useOneLaboratory, viewer } from './one-laboratory.ts';

describe.skipIf(noMount)(unless(noMount, 'a small disk'), () => {
  const directory = freshWorkingDir();
  /** The host-agent's state alone is on the small disk. */
  const disk = join(directory.path, 'disk');

  beforeAll(() => {
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk]);
  });
  // After the laboratory, whose end comes before: the last one that is registered ends first.
  afterAll(() => {
    execFileSync('umount', [disk]);
    directory.remove();
  });
  useOneLaboratory({ workingDir: directory.path, agentStateDir: disk });

  const ballast = join(disk, 'ballast');

  /** Writes until nothing more fits. */
  const fill = (): void => {
    const file = openSync(ballast, 'w');
    try {
      for (let bytes = 1024 * 1024; bytes >= 512; bytes /= 2) while (fits(file, bytes));
    } finally {
      closeSync(file);
    }
  };

  const fits = (file: number, bytes: number): boolean => {
    try {
      return writeSync(file, Buffer.alloc(bytes, 1)) === bytes;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
      throw error;
    }
  };

  test('a disk that fills up in the middle of a turn: the turn goes on in OpenCode, and all of it arrives when there is room', async () => {
    const { mission } = await me.say(
      'SAY Before.\nWAIT disk-full\nTOOL write {"content":"a","filePath":"a.txt"}\nREPEAT 3000 Nothing of this has room. \nTOOL write {"content":"b","filePath":"b.txt"}\nSAY After.\nWAIT disk-full-end',
    );
    await lab.model.reached('disk-full');

    fill();
    lab.model.release('disk-full');
    await lab.model.reached('disk-full-end');
    const second = await me.say('SAY Must wait for room.');
    lab.model.release('disk-full-end');
    rmSync(ballast);

    await viewer.ended(mission);
    await viewer.ended(second.mission);
    expectSeen(viewer, mission, await expectWhole(lab, me, mission, 'disk-full'));
    await expectAgreed(lab, me, mission, 'completed');
    await expectWhole(lab, me, second.mission, 'Must wait for room.');
  });

  test('a wish to cancel works on a full disk', async () => {
    const { mission } = await me.say('SAY Going\nWAIT cancelled-full\nSAY never.');
    await lab.model.reached('cancelled-full');

    fill();
    expect((await me.call('POST', `/api/control/missions/${mission}/cancel`)).status).toBe(200);
    await lab.model.sent(({ userText, outcome }) => userText.includes('cancelled-full') && outcome === 'client-closed');
    rmSync(ballast);

    await viewer.ended(mission);
    await hostSaid(lab, 'turn.ended', mission);
    await expectAgreed(lab, me, mission, 'interrupted');
    expect(callsOf(lab, 'cancelled-full')).toHaveLength(1);
  });

  test('a host-agent that is killed on a full disk cannot open its store, says why, and goes on when there is room', async () => {
    const { mission } = await me.say(
      'SAY Full\nWAIT killed-full\nTOOL write {"content":"a","filePath":"a.txt"}\nSAY and whole.',
    );
    await lab.model.reached('killed-full');

    fill();
    await lab.agent.kill();
    // Once more: before it was killed it may have given its reserve back, which the next one could open its store with.
    fill();
    await lab.agent.start();
    await lab.agent.ended();
    expect(lab.crashes.splice(0)).toEqual(['host-agent']);
    expect(lab.logs('host-agent')).toMatch(/disk is full/);
    lab.model.release('killed-full');
    rmSync(ballast);
    await lab.agent.start();

    await viewer.ended(mission);
    expectSeen(viewer, mission, await expectWhole(lab, me, mission, 'WAIT killed-full'));
    await expectAgreed(lab, me, mission, 'completed');
  });
});
