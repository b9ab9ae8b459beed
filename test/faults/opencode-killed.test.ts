// OpenCode is killed at every kind of moment of a turn: what it has stored is in the log, and nothing is asked twice.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { callsOf, expectAgreed, expectPrefix, expectWhole, soon } from './case.ts';
import { ofType } from './link-faults.ts';
import { lab, me, useOneLaboratory, viewer } from './one-laboratory.ts';

useOneLaboratory();

const restart = async (): Promise<void> => {
  await lab.openCode.kill();
  await lab.openCode.start();
};

test.each([
  ['in reasoning', 'REASON I was think\nWAIT GATE\nREASON ing.', 1],
  ['in the middle of a text', 'REASON Short.\nCHUNKS ["Half of ", "it "]\nWAIT GATE\nSAY and no more.', 1],
  ['between two steps', 'SAY Step one.\nTOOL write {"content":"a","filePath":"s.txt"}\nWAIT GATE\nSAY Never.', 2],
  ['in the text of a later step', 'TOOL write {"content":"a","filePath":"l.txt"}\nSAY Part \nWAIT GATE\nSAY of it.', 2],
])('killed %s: interrupted, with what it had stored, and the mission goes on', async (where, script, calls) => {
  const gate = `opencode-${where.replaceAll(' ', '-')}`;
  const { mission } = await me.say(script.replace('GATE', gate));
  await lab.model.reached(gate);

  await restart();

  expect((await viewer.ended(mission)).data).toMatchObject({ outcome: 'interrupted' });
  await expectAgreed(lab, me, mission, 'interrupted');
  await expectPrefix(lab, me, mission, gate);
  expect(callsOf(lab, gate)).toHaveLength(calls);

  await me.say('SAY Going on.', mission);
  expect((await viewer.ended(mission, 2)).data).toMatchObject({ outcome: 'completed', text: 'Going on.' });
  expect(viewer.statuses(mission)).toEqual(['interrupted', 'active', 'completed']);
});

test('killed while a tool runs: interrupted, and the tool is not run again', async () => {
  const command = 'echo x >> ran; sleep 600';
  const { mission } = await me.say(
    `TOOL bash ${JSON.stringify({ command, description: 'opencode-in-tool' })}\nSAY Never.`,
  );
  const ran = join(lab.missionDirectory(mission), 'ran');
  await vi.waitFor(() => expect(existsSync(ran)).toBe(true), soon);

  await restart();

  expect((await viewer.ended(mission)).data).toMatchObject({ outcome: 'interrupted' });
  await expectAgreed(lab, me, mission, 'interrupted');
  expect(callsOf(lab, 'opencode-in-tool')).toHaveLength(1);
  // The hands hear of it by the end of its call.
  await vi.waitFor(() => expect(lab.processesLeft().filter((line) => line.includes('sleep 600'))).toEqual([]), soon);
});

test('killed together with the host-agent: the next one reads what is stored and ends the turn', async () => {
  const { mission } = await me.say('REASON Both.\nSAY Will be gone\nWAIT both-killed');
  await lab.model.reached('both-killed');

  await Promise.all([lab.agent.kill(), lab.openCode.kill()]);
  await Promise.all([lab.agent.start(), lab.openCode.start()]);

  expect((await viewer.ended(mission)).data).toMatchObject({ outcome: 'interrupted' });
  await expectAgreed(lab, me, mission, 'interrupted');
  await expectPrefix(lab, me, mission, 'both-killed');
});

test('killed after it had stored the end and before the host-agent read it: finished', async () => {
  const { mission } = await me.say('SAY Soon\nWAIT end-stored\nSAY finished.');
  await lab.model.reached('end-stored');
  await lab.agent.kill();
  lab.model.release('end-stored');
  await vi.waitFor(async () => {
    const directory = encodeURIComponent(lab.missionDirectory(mission));
    expect(await lab.openCodeCalls().call('GET', `/session/status?directory=${directory}`)).toEqual({});
    expect((await lab.openCodeHistory(mission)).texts).toEqual(['Soonfinished.']);
  }, soon);

  await restart();
  await lab.agent.start();

  expect((await viewer.ended(mission)).data).toMatchObject({ outcome: 'completed' });
  await expectWhole(lab, me, mission, 'end-stored');
});

test('away when a message comes: it waits for OpenCode and runs once', async () => {
  await lab.openCode.kill();
  const received = lab.linkProxy.passed(ofType('received'));
  const { mission } = await me.say('SAY Patience.\nWAIT opencode-away');
  await received;
  await lab.openCode.start();
  lab.model.release('opencode-away');

  expect((await viewer.ended(mission)).data).toMatchObject({ outcome: 'completed' });
  await expectWhole(lab, me, mission, 'opencode-away');
  await expectAgreed(lab, me, mission, 'completed');
});
