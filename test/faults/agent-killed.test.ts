// The host-agent is killed at every kind of moment of a turn: OpenCode goes on, the next host-agent attaches.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { callsOf, expectAgreed, expectSeen, expectWhole, soon } from './case.ts';
import { ofType } from './link-faults.ts';
import { lab, me, useOneLaboratory, viewer } from './one-laboratory.ts';

useOneLaboratory();

const received = () => lab.linkProxy.passed(ofType('received'));

/** After the host-agent has come back: all of it is there, once, and everybody agrees. */
const expectUnharmed = async (mission: string, marker: string): Promise<void> => {
  await viewer.ended(mission);
  expectSeen(viewer, mission, await expectWhole(lab, me, mission, marker));
  await expectAgreed(lab, me, mission, 'completed');
  expect(viewer.statuses(mission)).toEqual(['completed']);
};

const restart = async (): Promise<void> => {
  await lab.agent.kill();
  await lab.agent.start();
};

test('killed before OpenCode has accepted the prompt: it is sent once', async () => {
  lab.openCode.freeze();
  const inInbox = received();
  const { mission } = await me.say('SAY Accepted late.\nWAIT unaccepted');
  await inInbox;

  await lab.agent.kill();
  lab.openCode.thaw();
  await lab.agent.start();
  lab.model.release('unaccepted');

  await expectUnharmed(mission, 'unaccepted');
  expect(callsOf(lab, 'unaccepted')).toHaveLength(1);
});

test('killed the moment the command was received: it runs once', async () => {
  const inInbox = received();
  const { mission } = await me.say('SAY Received.\nWAIT at-receipt');
  await inInbox;

  await restart();
  lab.model.release('at-receipt');

  await expectUnharmed(mission, 'at-receipt');
  expect(callsOf(lab, 'at-receipt')).toHaveLength(1);
});

test.each([
  ['in reasoning', 'CHUNKS ["Let me "]\nREASON I think\nWAIT GATE\nREASON and think.\nSAY Thought.'],
  ['in the middle of a text', 'REASON Short.\nCHUNKS ["Half of ", "it "]\nWAIT GATE\nSAY and the rest.'],
  ['between two steps', 'SAY Step one.\nTOOL write {"content":"a","filePath":"steps.txt"}\nWAIT GATE\nSAY Step two.'],
  ['between a text and its end', 'SAY Everything said.\nWAIT GATE'],
])('killed %s: at the end nothing is missing', async (where, script) => {
  const gate = `agent-${where.replaceAll(' ', '-')}`;
  const { mission } = await me.say(script.replace('GATE', gate));
  await lab.model.reached(gate);

  await restart();
  lab.model.release(gate);

  await expectUnharmed(mission, gate);
});

test('killed while a tool runs: its result arrives once', async () => {
  const command = 'touch started; until [ -e go ]; do sleep 0.05; done; echo went on';
  const { mission } = await me.say(
    `SAY Working.\nTOOL bash ${JSON.stringify({ command, description: 'agent-in-tool' })}\nSAY Worked.`,
  );
  const directory = lab.missionDirectory(mission);
  await vi.waitFor(() => expect(existsSync(join(directory, 'started'))).toBe(true), soon);

  await restart();
  writeFileSync(join(directory, 'go'), '');

  await expectUnharmed(mission, 'agent-in-tool');
});

test('killed, and away while its turn ends: the next one reads the end', async () => {
  const { mission } = await me.say(
    'SAY Half\nWAIT ended-alone\nTOOL write {"content":"a","filePath":"alone.txt"}\nSAY and alone.',
  );
  await lab.model.reached('ended-alone');

  await lab.agent.kill();
  lab.model.release('ended-alone');
  await lab.model.sent(
    ({ userText, step, outcome }) => userText.includes('ended-alone') && step === 1 && outcome === 'done',
  );
  await lab.agent.start();

  await expectUnharmed(mission, 'ended-alone');
});

test('killed again and again while two missions stream: both are whole', async () => {
  const script = (name: string) =>
    `REASON Of ${name}.\nTOKENS 150 DELAY 8\nTOOL write {"content":"${name}","filePath":"x.txt"}\nTOKENS 150 DELAY 8\nSAY End of ${name}.`;
  const [left, right] = [await me.say(script('left-stream')), await me.say(script('right-stream'))];
  for (let kill = 0; kill < 6; kill++) {
    await lab.linkProxy.passed((direction, { json }) => direction === 'to-edge' && json?.type === 'batch');
    await restart();
  }

  await expectUnharmed(left.mission, 'left-stream');
  await expectUnharmed(right.mission, 'right-stream');
});

test('killed while the edge is gone too: what it had stored and what it had not both arrive', async () => {
  const { mission } = await me.say(
    'REASON Alone.\nSAY Before\nWAIT both-gone\nSAY after.\nTOOL write {"content":"a","filePath":"b.txt"}\nSAY End.',
  );
  await lab.model.reached('both-gone');
  await lab.edge.kill();
  lab.model.release('both-gone');
  await lab.agent.kill();
  await lab.agent.start();
  await lab.edge.start();

  await expectUnharmed(mission, 'both-gone');
});
