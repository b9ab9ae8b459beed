// The warden is killed or stopped around a call: nothing that runs hears of it, and what needs it waits.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { runs } from '../support/asking-agent.ts';
import { noMount, unless } from '../support/needs.ts';
import { expectAgreed, expectWhole, soon } from './case.ts';
import { lab, me, useOneLaboratory, viewer } from './one-laboratory.ts';

describe.skipIf(noMount)(unless(noMount, 'the warden'), () => {
  useOneLaboratory();

  const ran = (mission: string): string[] => {
    const path = join(lab.missionDirectory(mission), 'ran');
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  };
  const completed = async (mission: string, marker: string): Promise<void> => {
    expect((await viewer.ended(mission)).data).toMatchObject({ outcome: 'completed' });
    await expectWhole(lab, me, mission, marker);
    await expectAgreed(lab, me, mission, 'completed');
  };
  const stays = (name: string): string =>
    runs(`echo ${name} >> ran; until [ -e go ]; do sleep 0.05; done; echo ${name}-went-on >> ran`);

  test('killed in mid-command: the command goes on and runs once', async () => {
    const { mission } = await me.say(`${stays('mid-command')}\nSAY Went on.`);
    await vi.waitFor(() => expect(ran(mission)).toEqual(['mid-command']), soon);

    await lab.warden?.kill();
    writeFileSync(join(lab.missionDirectory(mission), 'go'), '');

    await completed(mission, 'mid-command');
    expect(ran(mission)).toEqual(['mid-command', 'mid-command-went-on']);
  });

  test('killed, with the hands, and back: the next message waits for both and works', async () => {
    await Promise.all([lab.warden?.kill(), lab.hands.kill()]);
    const { mission } = await me.say(`${runs('echo after-both >> ran; id -u >> ran')}\nSAY Works.`);
    await lab.hands.start();
    await lab.warden?.start();

    await completed(mission, 'after-both');
    expect(ran(mission)).toEqual(['after-both', expect.stringMatching(/^7\d{5}$/)]);
  });

  test('stopped when a mission begins: its message waits until it goes on', async () => {
    lab.warden?.freeze();
    const { mission } = await me.say(`${runs('echo thawed >> ran')}\nSAY Works.`);
    await vi.waitFor(() => expect(existsSync(lab.missionDirectory(mission))).toBe(true), soon);
    lab.warden?.thaw();

    await completed(mission, 'thawed');
    expect(ran(mission)).toEqual(['thawed']);
  });
});
