// Questions and permissions with everything failing in between: each gets one answer, or says that it can get none.
import { expect, test, vi } from 'vitest';
import { asks, delegates, runs } from '../support/asking-agent.ts';
import { storedEvents } from '../support/comparison.ts';
import type { StreamEvent } from '../support/sse-reader.ts';
import { callsOf, expectAgreed, soon } from './case.ts';
import type { Laboratory } from './laboratory.ts';
import { ofType as type } from './link-faults.ts';
import { lab, me, useOneLaboratory, viewer } from './one-laboratory.ts';

// As a person's configuration: bash asks. OpenCode gets the latter as it is.
useOneLaboratory({ environment: { OPENCODE_PERMISSIVE: 'false', OPENCODE_PERMISSION: '{"bash":"ask"}' } });

const restart = async (part: Laboratory['agent' | 'edge' | 'openCode']): Promise<void> => {
  await part.kill();
  await part.start();
};

const of = (mission: string, name: string): StreamEvent[] =>
  viewer.rows.filter((row) => row.name === name && row.data.mission_id === mission);
const seen = (mission: string, name: string) =>
  viewer.until((row) => row.name === name && row.data.mission_id === mission);

/** Runs a script up to its ask. */
const asked = async (script: string): Promise<{ mission: string; request: string }> => {
  const { mission } = await me.say(script);
  return { mission, request: String((await seen(mission, 'request.asked')).data.request) };
};

/** Answers as soon as the edge is there. */
const answer = (request: string, label: string) =>
  vi.waitFor(async () => {
    const { status, text } = await me.call('POST', `/api/control/questions/${request}`, { answers: [[label]] });
    expect([200, 409], text).toContain(status);
    return { status, text };
  }, soon);

/** One ask, one end, one answer to the agent, and the turn went on. */
const expectAnsweredOnce = async (mission: string, label: string, said: string): Promise<void> => {
  expect((await viewer.ended(mission)).data).toMatchObject({ outcome: 'completed', text: said });
  expect(of(mission, 'request.asked')).toHaveLength(1);
  expect(of(mission, 'request.ended').map(({ data }) => data.outcome)).toEqual(['answered']);
  expect(String(of(mission, 'tool.result')[0]?.data.result)).toContain(`="${label}"`);
  const events = await storedEvents(me, mission);
  expect(events.filter(({ event_type }) => event_type === 'tool_call')).toHaveLength(1);
  await expectAgreed(lab, me, mission, 'completed');
  expect((await me.call('GET', '/api/control/permissions')).json).toEqual([]);
  expect(lab.crashes).toEqual([]);
};

test('two clients answer at the same moment: one is taken, the other reads who was first', async () => {
  const second = await lab.person();
  const { mission, request } = await asked(`${asks('Both?')}\nSAY Both done.`);
  const stream = await second.stream();
  await stream.until(({ name, data }) => name === 'status' && data.state === 'waiting_for_tool');

  const path = `/api/control/questions/${request}`;
  const both = await Promise.all([
    me.call('POST', path, { answers: [['Red']] }),
    second.call('POST', path, { answers: [['Blue']] }),
  ]);

  expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409]);
  expect(both.find(({ status }) => status === 409)?.text).toContain('already answered by');
  await expectAnsweredOnce(mission, both[0]?.status === 200 ? 'Red' : 'Blue', 'Both done.');
  stream.close();
});

test.each(['edge', 'agent'] as const)(
  '%s killed between question and answer: asked once, answered once',
  async (part) => {
    const { mission, request } = await asked(`${asks(`Before ${part}?`)}\nSAY Went on.`);

    await restart(lab[part]);

    expect((await answer(request, 'Blue')).status).toBe(200);
    await expectAnsweredOnce(mission, 'Blue', 'Went on.');
  },
);

test.each(['edge', 'agent'] as const)('%s killed between answer and its arrival: applied once', async (part) => {
  const { mission, request } = await asked(`${asks(`After ${part}?`)}\nSAY Went on.`);
  lab.linkProxy.hold(type('commands'));
  const held = lab.linkProxy.held(type('commands'));
  await answer(request, 'Blue');
  await held;

  await lab[part].kill();
  lab.linkProxy.heal();
  await lab[part].start();

  await expectAnsweredOnce(mission, 'Blue', 'Went on.');
  expect((await answer(request, 'Red')).status).toBe(409);
});

test('the host-agent killed when the agent has the answer, before the edge hears of it: applied once', async () => {
  const { mission, request } = await asked(`${asks('Applied?')}\nSAY Took it.\nWAIT applied`);
  lab.linkProxy.hold(type('batch'));
  await answer(request, 'Blue');
  await lab.model.reached('applied');

  await lab.agent.kill();
  lab.linkProxy.heal();
  await lab.agent.start();
  lab.model.release('applied');

  await expectAnsweredOnce(mission, 'Blue', 'Took it.');
});

test('OpenCode killed with an open question: the turn is interrupted, the question expires, an answer comes too late', async () => {
  const { mission, request } = await asked(`${asks('Lost?')}\nSAY Never.`);

  await restart(lab.openCode);

  expect((await viewer.ended(mission)).data).toMatchObject({ outcome: 'interrupted' });
  expect(of(mission, 'request.ended').map(({ data }) => data.outcome)).toEqual(['expired']);
  expect(await answer(request, 'Blue')).toMatchObject({ status: 409, text: expect.stringContaining('any more') });
  await expectAgreed(lab, me, mission, 'interrupted');
});

test('OpenCode killed between answer and its arrival: the answer expires, and the mission goes on later', async () => {
  const { mission, request } = await asked(`${asks('Too late?')}\nSAY Never.`);
  lab.linkProxy.hold(type('commands'));
  const held = lab.linkProxy.held(type('commands'));
  await answer(request, 'Blue');
  await held;

  await lab.openCode.kill();
  lab.linkProxy.heal();
  await lab.openCode.start();

  expect((await viewer.ended(mission)).data).toMatchObject({ outcome: 'interrupted' });
  expect(of(mission, 'request.ended').map(({ data }) => data.outcome)).toEqual(['expired']);
  await expectAgreed(lab, me, mission, 'interrupted');
  await me.say('SAY Afterwards.', mission);
  await viewer.until(
    ({ name, data }) => name === 'turn.ended' && data.mission_id === mission && data.text === 'Afterwards.',
  );
  expect(callsOf(lab, 'Too late?')).toHaveLength(1);
});

test('the permission of a sub-agent, rejected with a word: the child goes on without it, and so does its parent', async () => {
  const child = `${runs('touch forbidden')}\nSAY Without it.`;
  const { mission, request } = await asked(`${delegates(child)}\nSAY Parent done.`);
  const [open] = (await me.call('GET', '/api/control/permissions')).json;
  expect(open).toMatchObject({ id: request, kind: 'permission', mission_id: mission, body: { permission: 'bash' } });
  expect(open.parent_call).toBe(of(mission, 'tool.called')[0]?.data.tool_call_id);
  expect((await me.call('GET', '/api/control/running')).json).toMatchObject([{ state: 'waiting_for_tool' }]);

  const no = { reply: 'reject', message: 'Not in this mission.' };
  expect((await me.call('POST', `/api/control/permissions/${request}`, no)).status).toBe(200);

  expect((await viewer.ended(mission)).data).toMatchObject({ outcome: 'completed', text: 'Parent done.' });
  expect(of(mission, 'request.ended').map(({ data }) => data.outcome)).toEqual(['rejected']);
});

test('cancelled with an open permission of a sub-agent: rejected, ended once, the model asked at most once more', async () => {
  const { mission, request } = await asked(`${delegates(`${runs('sleep 1')}\nSAY Child.`)}\nSAY cancel-open`);

  expect((await me.call('POST', `/api/control/missions/${mission}/cancel`)).status).toBe(200);

  expect((await viewer.ended(mission)).data).toMatchObject({ outcome: 'cancelled' });
  expect(of(mission, 'request.ended').map(({ data }) => data.outcome)).toEqual(['rejected']);
  expect((await me.call('POST', `/api/control/permissions/${request}`, { reply: 'once' })).status).toBe(409);
  await expectAgreed(lab, me, mission, 'interrupted');
  // Between the reject and the abort OpenCode may ask the model once more for the parent (opencode §8.6).
  expect(callsOf(lab, 'cancel-open').length).toBeLessThanOrEqual(2);
});
