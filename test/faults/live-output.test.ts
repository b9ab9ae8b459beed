// What commands print while links are cut and processes die: seen once, in order, what is missing is said, and what a
// command had printed whose hands were killed is not lost.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runs } from '../support/asking-agent.ts';
import { expectAgreed, expectWhole } from './case.ts';
import { lab, me, useOneLaboratory, viewer } from './one-laboratory.ts';

useOneLaboratory();

/** A line that prints its words one by one, each when somebody has made a file of its name. */
const printsEach = (...names: string[]): string =>
  runs(names.map((name) => `until [ -e ${name} ]; do sleep 0.05; done; echo printed ${name}`).join('; '));
const allow = (mission: string, name: string): void => writeFileSync(join(lab.missionDirectory(mission), name), '');
const result = async (mission: string): Promise<string> => {
  const { data } = await viewer.until(({ name, data }) => name === 'tool.result' && data.mission_id === mission);
  return JSON.stringify(data.result);
};
const called = (mission: string) =>
  viewer.until(({ name, data }) => name === 'tool.called' && data.mission_id === mission);

test('the link is cut while a command prints: what was printed meanwhile is seen when it is back, once', async () => {
  const { mission } = await me.say(`${printsEach('one', 'two', 'three')}\nSAY Done.`);
  await called(mission);
  allow(mission, 'one');
  await viewer.untilPrinted(mission, 'printed one\n');

  lab.linkProxy.refuse(true);
  lab.linkProxy.cut();
  allow(mission, 'two');
  lab.linkProxy.refuse(false);
  await viewer.untilPrinted(mission, 'printed two\n');
  allow(mission, 'three');
  await viewer.ended(mission);

  expect('printed one\nprinted two\nprinted three\n'.startsWith(viewer.printed(mission))).toBe(true);
  expect(await result(mission)).toContain('printed three');
  await expectWhole(lab, me, mission, 'printed');
});

test('the host-agent is killed while a command prints: the next one goes on where it was', async () => {
  const { mission } = await me.say(`${printsEach('first', 'second')}\nSAY Done.`);
  await called(mission);
  allow(mission, 'first');
  await viewer.untilPrinted(mission, 'printed first\n');

  await lab.agent.kill();
  await lab.agent.start();
  allow(mission, 'second');
  await viewer.ended(mission);

  expect('printed first\nprinted second\n'.startsWith(viewer.printed(mission))).toBe(true);
  expect(await result(mission)).toContain('printed second');
});

test('the edge is killed while a command prints: a viewer that comes back goes on where it was', async () => {
  const { mission } = await me.say(`${printsEach('early', 'late')}\nSAY Done.`);
  await called(mission);
  allow(mission, 'early');
  await viewer.untilPrinted(mission, 'printed early\n');

  await lab.edge.kill();
  await lab.edge.start();
  allow(mission, 'late');
  await viewer.untilPrinted(mission, 'printed late\n').catch(() => undefined); // It may end before it is seen.
  await viewer.ended(mission);

  expect('printed early\nprinted late\n'.startsWith(viewer.printed(mission))).toBe(true);
  await expectAgreed(lab, me, mission, 'completed');
});

test('the hands are killed while a command prints: the agent is told what it had printed, and further commands are seen', async () => {
  const { mission } = await me.say(`${printsEach('until-death', 'never')}\n${runs('echo after that')}\nSAY Went on.`);
  await called(mission);
  allow(mission, 'until-death');
  await viewer.untilPrinted(mission, 'printed until-death\n');

  // What comes at the very instant of their end OpenCode may throw away; by its answer it has read what came before.
  for (let times = 0; times < 3; times++) await lab.openCodeHistory(mission);
  await lab.hands.kill();
  await lab.hands.start();
  await viewer.ended(mission);

  expect(await result(mission)).toMatch(
    /ended in the middle of this call.*It had printed until then:\\nprinted until-death/,
  );
  expect(lab.model.requests.at(-1)?.toolTexts.join()).toContain('It had printed until then:\nprinted until-death');
  expect(viewer.printed(mission)).not.toContain('never');
});
