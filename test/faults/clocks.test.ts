// Clocks jump by hours, each side's alone and both ways: order and outcomes are the same (protocol §9, laws of
// AGENTS.md).
import { afterEach, describe, expect, test } from 'vitest';
import { expectSameAsModel, modelRecord, storedEvents } from '../support/comparison.ts';
import { unless } from '../support/needs.ts';
import { callsOf, expectAgreed, expectSeen, expectWhole } from './case.ts';
import { noClocks } from './clock.ts';
import { lab, me, useOneLaboratory, viewer } from './one-laboratory.ts';

const hour = 3_600;

describe.skipIf(noClocks)(unless(noClocks, 'clocks'), () => {
  useOneLaboratory({ faketime: true });
  // Before it is mended: the last one that is registered comes first.
  afterEach(() => {
    for (const part of [lab.edge, lab.agent, lab.openCode]) part.jump(0);
  });

  const restart = async (part: 'edge' | 'agent' | 'openCode'): Promise<void> => {
    await lab[part].kill();
    await lab[part].start();
  };

  /** One turn over whose middle the clock jumps, then one after it in the same mission; the history is in order. */
  const expectUnchanged = async (name: string, jump: () => Promise<void> | void): Promise<void> => {
    const { mission } = await me.say(
      `REASON Before ${name}.\nTOOL write {"content":"a","filePath":"a.txt"}\nSAY Half of ${name} \nWAIT ${name}\nTOOL write {"content":"b","filePath":"b.txt"}\nSAY End of ${name}.`,
    );
    await lab.model.reached(name);
    await jump();
    lab.model.release(name);
    await viewer.ended(mission);
    await expectAgreed(lab, me, mission, 'completed');

    await me.say(`SAY After ${name}.`, mission);
    expect((await viewer.ended(mission, 2)).data).toMatchObject({ outcome: 'completed', text: `After ${name}.` });
    await expectAgreed(lab, me, mission, 'completed');
    const events = await expectWhole(lab, me, mission, name);
    expectSeen(viewer, mission, events);
    const { history } = (await me.call('GET', `/api/control/missions/${mission}`)).json;
    expect(history.map(({ role }: { role: string }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
  };

  test.each([
    ['ahead', 5 * hour],
    ['back', -5 * hour],
  ])("the host-agent's clock jumps %s in the middle of a turn", async (where, seconds) => {
    await expectUnchanged(`agent-${where}`, () => lab.agent.jump(seconds));
  });

  test.each([
    ['ahead', 5 * hour],
    ['back', -5 * hour],
  ])("the host-agent's clock is %s when it starts again in the middle of a turn", async (where, seconds) => {
    await expectUnchanged(`agent-start-${where}`, () => {
      lab.agent.jump(seconds);
      return restart('agent');
    });
  });

  test.each([
    ['ahead', 5 * hour],
    ['back', -5 * hour],
  ])("the edge's clock is %s when it starts again in the middle of a turn", async (where, seconds) => {
    await expectUnchanged(`edge-${where}`, () => {
      lab.edge.jump(seconds);
      return restart('edge');
    });
  });

  test("OpenCode's clock jumps ahead in the middle of a turn", async () => {
    await expectUnchanged('opencode-ahead', () => lab.openCode.jump(5 * hour));
  });

  test("OpenCode's clock jumps back in the middle of a turn: it ends with its answer, and the model is not asked for ever", async () => {
    const { mission } = await me.say(
      'SAY Half\nWAIT opencode-back\nTOOL write {"content":"b","filePath":"b.txt"}\nSAY End of it.',
    );
    await lab.model.reached('opencode-back');
    lab.openCode.jump(-5 * hour);
    lab.model.release('opencode-back');

    expect((await viewer.ended(mission)).data).toMatchObject({ outcome: 'completed', text: 'End of it.' });
    await expectAgreed(lab, me, mission, 'completed');
    // OpenCode asks for its last step again at once, until it is stopped, which it was; what it says then is not shown.
    const calls = callsOf(lab, 'opencode-back');
    expectSameAsModel(await storedEvents(me, mission), modelRecord(calls.slice(0, 2)));
  });
});
