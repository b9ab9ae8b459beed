// A wish to cancel meets a broken link, a command that has not arrived, and a message right behind it.
import { expect, test, vi } from 'vitest';
import { modelRecord, storedEvents } from '../support/comparison.ts';
import { callsOf, expectAgreed, expectPrefix, expectSeen, hostSaid, soon } from './case.ts';
import { ofType as type } from './link-faults.ts';
import { lab, me, useOneLaboratory, viewer } from './one-laboratory.ts';

useOneLaboratory();

const cancel = async (mission: string): Promise<void> => {
  expect((await me.call('POST', `/api/control/missions/${mission}/cancel`)).status).toBe(200);
};

/** One end in every rendering, and the model was never asked again. */
const expectCancelledOnce = async (mission: string, marker: string, calls: number): Promise<void> => {
  await expectAgreed(lab, me, mission, 'interrupted');
  const events = await storedEvents(me, mission);
  expect(events.filter(({ event_type }) => event_type === 'assistant_message')).toHaveLength(1);
  expectSeen(viewer, mission, events);
  expect(viewer.names(mission).filter((name) => name === 'turn.ended').length).toBeLessThan(2);
  expect(callsOf(lab, marker)).toHaveLength(calls);
};

test('cancelled during a cut: the turn ends once, at the edge at once and in OpenCode when the link is back', async () => {
  const { mission } = await me.say('SAY Half\nWAIT cut-cancel\nSAY never.');
  await lab.model.reached('cut-cancel');
  lab.linkProxy.refuse(true);
  lab.linkProxy.cut();

  await cancel(mission);
  lab.linkProxy.refuse(false);
  await lab.model.sent(({ userText, outcome }) => userText.includes('cut-cancel') && outcome === 'client-closed');

  await viewer.ended(mission);
  await hostSaid(lab, 'turn.ended', mission);
  await expectCancelledOnce(mission, 'cut-cancel', 1);
  await expectPrefix(lab, me, mission, 'cut-cancel');
});

test('cancelled during a cut in which the host-agent is killed too: it ends once', async () => {
  const { mission } = await me.say('SAY Half\nWAIT cut-kill-cancel\nSAY never.');
  await lab.model.reached('cut-kill-cancel');
  lab.linkProxy.refuse(true);
  lab.linkProxy.cut();

  await cancel(mission);
  await lab.agent.kill();
  await lab.agent.start();
  lab.linkProxy.refuse(false);
  await lab.model.sent(({ userText, outcome }) => userText.includes('cut-kill-cancel') && outcome === 'client-closed');

  await hostSaid(lab, 'turn.ended', mission);
  await expectCancelledOnce(mission, 'cut-kill-cancel', 1);
});

test('cancelled during a cut in which the turn ends by itself: one end, whichever it is', async () => {
  const { mission } = await me.say('SAY Almost\nWAIT cut-ended-cancel\nSAY there.');
  await lab.model.reached('cut-ended-cancel');
  lab.linkProxy.refuse(true);
  lab.linkProxy.cut();
  lab.model.release('cut-ended-cancel');
  await hostSaid(lab, 'turn.ended', mission);

  await cancel(mission);
  lab.linkProxy.refuse(false);

  await viewer.ended(mission);
  const events = await storedEvents(me, mission);
  expect(events.filter(({ event_type }) => event_type === 'assistant_message')).toHaveLength(1);
  expectSeen(viewer, mission, events);
});

test('cancelled before its command arrived: it never starts', async () => {
  lab.linkProxy.hold(type('commands'));
  const held = lab.linkProxy.held(type('commands'));
  const { mission } = await me.say('SAY never-started');
  await held;

  await cancel(mission);
  lab.linkProxy.cut();
  lab.linkProxy.release();

  await viewer.ended(mission);
  // Whatever the host does with it, a message behind it gets its turn only when it is over.
  await me.say('SAY In its place.', mission);
  await viewer.until(
    ({ name, data }) => name === 'turn.ended' && data.mission_id === mission && data.text === 'In its place.',
  );
  await expectAgreed(lab, me, mission, 'completed');
  expect(callsOf(lab, 'never-started')).toEqual([]);
  expect(viewer.names(mission).filter((name) => name === 'turn.started')).toHaveLength(1);
});

test('cancelled while its command is on the way and arrives first: one end, and the model is stopped or never asked', async () => {
  lab.linkProxy.hold(type('commands'));
  const held = lab.linkProxy.held(type('commands'));
  const { mission } = await me.say('SAY overtaken\nHANG');
  await held;

  await cancel(mission);
  lab.linkProxy.release();

  await viewer.ended(mission);
  await expectAgreed(lab, me, mission, 'interrupted');
  const events = await storedEvents(me, mission);
  expect(events.filter(({ event_type }) => event_type === 'assistant_message')).toHaveLength(1);
  expect(callsOf(lab, 'overtaken').every(({ outcome }) => outcome === 'client-closed')).toBe(true);
});

test('cancelled, then a new message at once: it runs as a turn of its own and never steers the old one', async () => {
  const { mission } = await me.say('SAY Old\nTOOL bash {"command":"sleep 600","description":"steered"}\nSAY never.');
  await viewer.until(({ name, data }) => name === 'tool.called' && data.mission_id === mission);

  await cancel(mission);
  await me.say('SAY New turn.', mission);

  await viewer.ended(mission, 2);
  const [old, fresh] = [callsOf(lab, 'steered'), callsOf(lab, 'New turn.')];
  expect(old).toHaveLength(1);
  expect(fresh).toHaveLength(1);
  expect(fresh[0]?.step).toBe(0);
  expect(modelRecord(fresh).texts).toEqual(['New turn.']);
  const ends = viewer.rows.filter(({ name, data }) => name === 'turn.ended' && data.mission_id === mission);
  expect(ends.map(({ data }) => data.outcome)).toEqual(['cancelled', 'completed']);
  await expectAgreed(lab, me, mission, 'completed');
  await vi.waitFor(() => expect(lab.processesLeft().filter((line) => line.includes('sleep 600'))).toEqual([]), soon);
});

test('cancelled during a cut, then a new message during the same cut: the old one is stopped before the new one starts', async () => {
  const { mission } = await me.say('SAY Old\nWAIT cut-steered\nSAY never.');
  await lab.model.reached('cut-steered');
  lab.linkProxy.refuse(true);
  lab.linkProxy.cut();

  await cancel(mission);
  await me.say('SAY New after the cut.', mission);
  lab.linkProxy.refuse(false);

  await viewer.until(
    ({ name, data }) => name === 'turn.ended' && data.mission_id === mission && data.text === 'New after the cut.',
  );
  expect(callsOf(lab, 'cut-steered').map(({ outcome }) => outcome)).toEqual(['client-closed']);
  expect(callsOf(lab, 'New after the cut.')).toHaveLength(1);
  await expectAgreed(lab, me, mission, 'completed');
});
