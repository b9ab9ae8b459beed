// The link between host-agent and edge is cut, blocked, doubled and lied to, or the edge itself is gone.
import { expect, test, vi } from 'vitest';
import { windowEvents } from '../../shared/limits.ts';
import { storedEvents } from '../support/comparison.ts';
import { expectAgreed, expectSeen, expectWhole, hostSaid, soon } from './case.ts';
import { ofType as type } from './link-faults.ts';
import { lab, me, useOneLaboratory, viewer } from './one-laboratory.ts';

useOneLaboratory();

test('the edge is gone while an agent works: more rows than one window arrive once and in order', async () => {
  // Each thought is a part of its own, opened and closed: 1,200 rows, and only a window of 1,000 may be unacknowledged.
  const thoughts = Array.from({ length: 600 }, (_, index) => `REASON thought ${index}\nSAY word ${index} `).join('\n');
  const { mission } = await me.say(
    `SAY Begun.\nWAIT edge-gone\n${thoughts}\nTOOL write {"filePath":"far.txt","content":"x"}\nSAY Done.`,
  );
  await lab.model.reached('edge-gone');

  await lab.edge.kill();
  lab.model.release('edge-gone');
  await hostSaid(lab, 'turn.ended', mission);
  await lab.edge.start();

  await viewer.ended(mission);
  const events = await expectWhole(lab, me, mission, 'edge-gone');
  expect(viewer.names(mission).length).toBeGreaterThan(windowEvents + 200);
  expectSeen(viewer, mission, events);
  await expectAgreed(lab, me, mission, 'completed');
});

test('a link that is cut after a command was received: its turn ends meanwhile, is finished, and is never shown as anything else', async () => {
  const received = lab.linkProxy.passed(type('received'));
  const { mission } = await me.say('SAY Half\nWAIT cut-after-received\nSAY and whole.');
  await received;
  await lab.model.reached('cut-after-received');

  lab.linkProxy.refuse(true);
  lab.linkProxy.cut();
  lab.model.release('cut-after-received');
  await hostSaid(lab, 'turn.ended', mission);
  // Nothing but the list of live turns is known to the edge now, and a new host-agent knows no live turn at all.
  await lab.agent.kill();
  await lab.agent.start();
  lab.linkProxy.refuse(false);

  await viewer.ended(mission);
  await expectAgreed(lab, me, mission, 'completed');
  expectSeen(viewer, mission, await expectWhole(lab, me, mission, 'cut-after-received'));
  expect(viewer.statuses(mission)).toEqual(['completed']);
  expect(viewer.names(mission)).not.toContain('command.lost');
});

test('acks that are lost: the rows are sent again, skipped, and no sequence is doubled', async () => {
  const stop = lab.linkProxy.drop(type('ack'));
  const { mission } = await me.say(
    'REASON Thinking.\nTOOL write {"filePath":"a.txt","content":"a"}\nSAY First\nWAIT acks\nSAY and last.',
  );
  await lab.model.reached('acks');
  await viewer.until(({ name, data }) => name === 'tool.result' && data.mission_id === mission);
  const { dropped } = lab.linkProxy.counts;
  // A host-agent that has seen no ack knows of no row that it arrived, and must learn it from the next welcome.
  await lab.agent.kill();
  await lab.agent.start();
  lab.model.release('acks');
  await hostSaid(lab, 'turn.ended', mission);
  stop();

  await viewer.ended(mission);
  expect(dropped).toBeGreaterThan(0);
  expectSeen(viewer, mission, await expectWhole(lab, me, mission, 'WAIT acks'));
});

test('frames that come twice, both ways, change nothing', async () => {
  const { duplicated } = lab.linkProxy.counts;
  lab.linkProxy.duplicate(type('batch', 'ack', 'commands', 'received', 'turns', 'interrupt', 'capabilities', 'gap'));
  const { mission } = await me.say(
    'REASON Again.\nTOOL write {"filePath":"b.txt","content":"b"}\nSAY Twice sent, once there.\nWAIT doubled',
  );
  await lab.model.reached('doubled');
  lab.model.release('doubled');

  await viewer.ended(mission);
  expect(lab.linkProxy.counts.duplicated).toBeGreaterThan(duplicated + 5);
  expectSeen(viewer, mission, await expectWhole(lab, me, mission, 'WAIT doubled'));
});

test('a hello and a welcome that come twice end a session and nothing else', async () => {
  const { mission } = await me.say('SAY Hello\nWAIT greeted\nSAY hello.');
  await lab.model.reached('greeted');
  const stop = lab.linkProxy.duplicate(type('hello', 'welcome'));
  const greeted = lab.linkProxy.passed(type('welcome'));
  lab.linkProxy.cut();
  await greeted;
  lab.model.release('greeted');
  stop();

  await viewer.ended(mission);
  expectSeen(viewer, mission, await expectWhole(lab, me, mission, 'WAIT greeted'));
});

test('a command whose receipt is lost is sent again and runs once', async () => {
  lab.linkProxy.hold(type('received'));
  const held = lab.linkProxy.held(type('received'));
  const { mission } = await me.say('SAY Only once.\nWAIT receipt');
  await held;
  const again = lab.linkProxy.passed(
    (_direction, { json }) => json?.type === 'welcome' && JSON.stringify(json).includes(mission),
  );
  lab.linkProxy.cut();
  lab.linkProxy.release();
  await again;
  lab.model.release('receipt');

  await viewer.ended(mission);
  const events = await expectWhole(lab, me, mission, 'WAIT receipt');
  expect(events.filter(({ event_type }) => event_type === 'user_message')).toHaveLength(1);
});

test('a link that swallows every byte is given up for a new one, and what it swallowed arrives', async () => {
  const { mission } = await me.say('SAY Before.\nWAIT swallowed\nREASON Into the void.\nSAY After.');
  await lab.model.reached('swallowed');

  const again = lab.linkProxy.passed(type('welcome'));
  lab.linkProxy.halfOpen();
  lab.model.release('swallowed');
  await again;

  await viewer.ended(mission);
  expectSeen(viewer, mission, await expectWhole(lab, me, mission, 'WAIT swallowed'));
  await expectAgreed(lab, me, mission, 'completed');
});

test('a slow and often broken link delivers all of it in order', async () => {
  lab.linkProxy.delay(40);
  const { mission } = await me.say(
    'REASON Slow.\nTOKENS 300 DELAY 5\nTOOL write {"filePath":"c.txt","content":"c"}\nTOKENS 300 DELAY 5\nSAY There.',
  );
  for (let cut = 0; cut < 12; cut++) {
    await lab.linkProxy.passed((direction, { json }) => direction === 'to-edge' && json?.type === 'batch');
    lab.linkProxy.cut();
  }

  await viewer.ended(mission);
  expectSeen(viewer, mission, await expectWhole(lab, me, mission, 'REASON Slow.'));
});

test('while the edge is gone for a moment between two messages, the second goes out when it is back', async () => {
  const { mission } = await me.say('SAY One.\nWAIT second');
  await lab.model.reached('second');
  await me.say('SAY Two after.', mission);
  await lab.edge.kill();
  lab.model.release('second');
  await hostSaid(lab, 'turn.ended', mission);
  await lab.edge.start();

  await viewer.ended(mission, 2);
  await vi.waitFor(async () => {
    expect((await storedEvents(me, mission)).at(-1)?.content).toBe('Two after.');
  }, soon);
  await expectAgreed(lab, me, mission, 'completed');
});
