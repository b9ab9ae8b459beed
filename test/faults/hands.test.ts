// The hands are killed, stopped and started again around a call: a command never runs twice, the agent is told the
// truth, and its turn goes on.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { runs } from '../support/asking-agent.ts';
import { scaledMs } from '../support/patience.ts';
import type { StreamEvent } from '../support/sse-reader.ts';
import { expectAgreed, expectWhole, soon } from './case.ts';
import { lab, me, useOneLaboratory, viewer } from './one-laboratory.ts';

// `touch` asks, everything else is allowed.
useOneLaboratory({
  environment: { OPENCODE_PERMISSIVE: 'false', OPENCODE_PERMISSION: '{"bash":{"*":"allow","touch *":"ask"}}' },
});

const restart = async (): Promise<void> => {
  await lab.hands.kill();
  await lab.hands.start();
};

/** What commands have written down, a line for each that ran. */
const ran = (mission: string): string[] => {
  const path = join(lab.missionDirectory(mission), 'ran');
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
};
/** It has written its name down, and runs. */
const begun = async (mission: string, name: string): Promise<void> => {
  await vi.waitFor(() => expect(ran(mission)).toContain(name), soon);
  expect(left(name)).not.toEqual([]);
};

/** A line that writes its name down and stays until somebody makes a file `go`; it can be found by the name. */
const stays = (name: string): string =>
  runs(`echo ${name} >> ran; until [ -e go ]; do sleep 0.05; done; echo went on as ${name}`);
const go = (mission: string): void => writeFileSync(join(lab.missionDirectory(mission), 'go'), '');
/** What is left of it; hands that end take all that they run with them. */
const left = (name: string): string[] => lab.processesLeft().filter((line) => line.includes(`echo ${name} `));

const of = (mission: string, name: string): StreamEvent[] =>
  viewer.rows.filter((row) => row.name === name && row.data.mission_id === mission);
const results = (mission: string): string[] =>
  of(mission, 'tool.result').map(({ data }) => JSON.stringify(data.result));

/** The turn was worked on to its end, and everybody says so. */
const expectCompleted = async (mission: string, marker: string): Promise<void> => {
  expect((await viewer.ended(mission)).data).toMatchObject({ outcome: 'completed' });
  await expectWhole(lab, me, mission, marker);
  await expectAgreed(lab, me, mission, 'completed');
};

const lookThere = 'ended in the middle of this call.*Look at what is there now';

test('killed in mid-command: the agent is told to look, the command does not run again and is gone, and the next one runs', async () => {
  const { mission } = await me.say(`${stays('mid-command')}\n${runs('echo next-command >> ran')}\nSAY Went on.`);
  await begun(mission, 'mid-command');

  await lab.hands.kill();
  // Its place ends with the hands, a moment after them.
  await vi.waitFor(() => expect(left('mid-command')).toEqual([]), soon);
  await lab.hands.start();

  await expectCompleted(mission, 'mid-command');
  expect(results(mission)).toEqual([expect.stringMatching(lookThere), expect.stringMatching(/no output/)]);
  expect(ran(mission)).toEqual(['mid-command', 'next-command']);
});

test('killed with commands of several missions: each is told, and none runs again', async () => {
  const names = ['first-of-two', 'second-of-two'];
  const missions = await Promise.all(names.map(async (name) => (await me.say(`${stays(name)}\nSAY On.`)).mission));
  for (const [index, mission] of missions.entries()) await begun(mission, names[index] ?? '');

  await restart();

  for (const [index, mission] of missions.entries()) {
    await expectCompleted(mission, names[index] ?? '');
    expect(results(mission)).toEqual([expect.stringMatching(lookThere)]);
    expect(ran(mission)).toEqual([names[index]]);
  }
});

test('killed before a call, and back within seconds: the call waits for them and runs once', async () => {
  const { mission } = await me.say(
    `SAY Soon.\nWAIT before-call\n${runs('echo before-call >> ran; echo done')}\nSAY On.`,
  );
  await lab.model.reached('before-call');

  await lab.hands.kill();
  lab.model.release('before-call');
  await viewer.until(({ name, data }) => name === 'tool.called' && data.mission_id === mission);
  await lab.hands.start();

  await expectCompleted(mission, 'before-call');
  expect(results(mission)).toEqual([expect.stringContaining('done')]);
  expect(ran(mission)).toEqual(['before-call']);
});

test('killed before a call, and away: the agent is told that nothing was done, and nothing was', async () => {
  const { mission } = await me.say(`SAY Soon.\nWAIT hands-away\n${runs('echo hands-away >> ran')}\nSAY Without.`);
  await lab.model.reached('hands-away');

  await lab.hands.kill();
  lab.model.release('hands-away');

  await expectCompleted(mission, 'hands-away');
  expect(results(mission)).toEqual([expect.stringMatching(/do not answer.*Nothing was done.*try again/)]);
  expect(ran(mission)).toEqual([]);
});

test('killed while a person is asked: the answer counts, and the command runs once', async () => {
  const { mission } = await me.say(`${runs('touch asked; echo while-asked >> ran')}\nSAY Allowed.`);
  const { data } = await viewer.until((row) => row.name === 'request.asked' && row.data.mission_id === mission);

  await restart();
  expect(ran(mission)).toEqual([]);
  expect((await me.call('POST', `/api/control/permissions/${data.request}`, { reply: 'once' })).status).toBe(200);

  await expectCompleted(mission, 'while-asked');
  expect(of(mission, 'request.asked')).toHaveLength(1);
  expect(ran(mission)).toEqual(['while-asked']);
});

test('killed while nothing is done: the next message of a mission works as before', async () => {
  const { mission } = await me.say(`${runs('echo quiet-one >> ran')}\nSAY One.`);
  await viewer.ended(mission);

  await restart();
  await me.say(`${runs('echo quiet-two >> ran')}\nSAY Two.`, mission);

  expect((await viewer.ended(mission, 2)).data).toMatchObject({ outcome: 'completed', text: 'Two.' });
  expect(ran(mission)).toEqual(['quiet-one', 'quiet-two']);
});

test('stopped and going on in mid-command: its result arrives once', async () => {
  const { mission } = await me.say(`${stays('frozen')}\nSAY Thawed.`);
  await begun(mission, 'frozen');

  lab.hands.freeze();
  go(mission);
  const meanwhile = await me.say('SAY Not held up.');
  lab.hands.thaw();

  await expectCompleted(mission, 'frozen');
  expect(results(mission)).toEqual([expect.stringContaining('went on as frozen')]);
  expect(ran(mission)).toEqual(['frozen']);
  await expectCompleted(meanwhile.mission, 'Not held up.');
});

test('stopped for good in mid-command: they are ended and it is noted, the agent is told, and the next hands go on', async () => {
  const quick = { lookMs: scaledMs(200), answerMs: scaledMs(500), limitMs: scaledMs(2_000), looks: 4 };
  lab.hands.watchBy(quick);
  await restart();
  lab.hands.watchBy(undefined);
  const { mission } = await me.say(`${stays('for-good')}\n${runs('echo next-one >> ran')}\nSAY Went on.`);
  await begun(mission, 'for-good');

  const ended = lab.hands.ended();
  lab.hands.freeze();
  await ended;
  await vi.waitFor(() => expect(left('for-good')).toEqual([]), soon);
  await lab.hands.start();

  expect((await viewer.ended(mission)).data).toMatchObject({ outcome: 'completed' });
  expect(results(mission)).toEqual([expect.stringMatching(lookThere), expect.stringMatching(/no output/)]);
  expect(ran(mission)).toEqual(['for-good', 'next-one']);
  await viewer.until(({ name, data }) => name === 'host.note' && data.code === 'hands.frozen');
  // Nobody else killed them. The other cases count who ended by itself.
  expect(lab.crashes.splice(0)).toEqual(['hands']);
});

test('the host-agent is killed while a command runs: it goes on in the same hands, and its result arrives once', async () => {
  const { mission } = await me.say(`${stays('without-host')}\nSAY Done.`);
  await begun(mission, 'without-host');
  const [hands, before] = [lab.hands.pid(), left('without-host')];

  await lab.agent.kill();
  await lab.agent.start();
  expect([lab.hands.pid(), left('without-host')]).toEqual([hands, before]);
  go(mission);

  await expectCompleted(mission, 'without-host');
  expect(results(mission)).toEqual([expect.stringContaining('went on as without-host')]);
  expect(ran(mission)).toEqual(['without-host']);
});

test('cancelled while the hands are stopped: the turn ends, and the command ends with them going on', async () => {
  const { mission } = await me.say(`${stays('cancelled-frozen')}\nSAY Never.`);
  await begun(mission, 'cancelled-frozen');

  lab.hands.freeze();
  expect((await me.call('POST', `/api/control/missions/${mission}/cancel`)).status).toBe(200);
  expect((await viewer.ended(mission)).data).toMatchObject({ outcome: 'cancelled' });
  lab.hands.thaw();

  await vi.waitFor(() => expect(left('cancelled-frozen')).toEqual([]), soon);
  expect(ran(mission)).toEqual(['cancelled-frozen']);
  await expectAgreed(lab, me, mission, 'interrupted');
});
