// The host-agent's store or OpenCode's is lost, restored from an older copy, or running twice (protocol §6).
import { expect, test, vi } from 'vitest';
import { expectAskedOnce, expectSameAsModel, modelRecord, storedEvents } from '../support/comparison.ts';
import { callsOf, expectAgreed, expectSeen, expectWhole, soon } from './case.ts';
import { ofType } from './link-faults.ts';
import { lab, me, useOneLaboratory, viewer } from './one-laboratory.ts';

useOneLaboratory();

const welcome = () => lab.linkProxy.passed(ofType('welcome'));

/** Codes of what was said about the server itself. */
const notes = (): unknown[] => viewer.rows.filter(({ name }) => name === 'host.note').map(({ data }) => data.code);

const noted = (code: string, before: readonly unknown[]): Promise<void> =>
  vi.waitFor(() => expect(notes().slice(before.length)).toContain(code), soon);

/** One answered message, and a second one later in the same mission. */
const first = async (name: string): Promise<string> => {
  const { mission } = await me.say(
    `REASON Of ${name}.\nTOOL write {"content":"a","filePath":"a.txt"}\nSAY First of ${name}.`,
  );
  await viewer.ended(mission);
  return mission;
};

const next = async (mission: string, name: string, nth: number): Promise<void> => {
  await me.say(`TOOL write {"content":"${nth}","filePath":"${nth}.txt"}\nSAY Number ${nth} of ${name}.`, mission);
  expect((await viewer.ended(mission, nth)).data).toMatchObject({
    outcome: 'completed',
    text: `Number ${nth} of ${name}.`,
  });
};

test("the host-agent's store is lost between two turns: it is said, nothing is doubled, and the conversation goes on", async () => {
  const before = [...notes()];
  const mission = await first('lost-store');

  await lab.agent.kill();
  lab.agent.remove();
  await lab.agent.start();
  await next(mission, 'lost-store', 2);

  await noted('host.store_lost', before);
  expectSeen(viewer, mission, await expectWhole(lab, me, mission, 'lost-store'));
  await expectAgreed(lab, me, mission, 'completed');
});

test("the host-agent's store is lost in the middle of a turn: it is interrupted, and the next one is a turn of its own", async () => {
  const { mission } = await me.say('SAY Half\nWAIT lost-in-turn\nSAY and gone.');
  await lab.model.reached('lost-in-turn');

  await lab.agent.kill();
  lab.agent.remove();
  await lab.agent.start();

  expect((await viewer.ended(mission)).data).toMatchObject({ outcome: 'interrupted' });
  await expectAgreedAtEdge(mission, 'interrupted');
  await me.say('SAY In its place.', mission);
  await viewer.until(
    ({ name, data }) => name === 'turn.ended' && data.mission_id === mission && data.text === 'In its place.',
  );
  const fresh = callsOf(lab, 'In its place.');
  expect(fresh.map(({ step }) => step)).toEqual([0]);
  await expectAgreed(lab, me, mission, 'completed');
  expect(callsOf(lab, 'lost-in-turn').every(({ outcome }) => outcome !== undefined)).toBe(true);
});

test("the host-agent's store is restored from an older copy: it is said, nothing is doubled, nothing is missing", async () => {
  const before = [...notes()];
  const mission = await first('older-store');
  await lab.agent.kill();
  const yesterday = lab.agent.backup();
  await lab.agent.start();
  await next(mission, 'older-store', 2);

  await lab.agent.kill();
  lab.agent.restore(yesterday);
  await lab.agent.start();
  await next(mission, 'older-store', 3);

  await noted('host.store_restored', before);
  expectSeen(viewer, mission, await expectWhole(lab, me, mission, 'older-store'));
  await expectAgreed(lab, me, mission, 'completed');
});

test('a turn that the older copy does not know is interrupted, and its message never sent twice', async () => {
  const mission = await first('unknown-to-copy');
  await lab.agent.kill();
  const yesterday = lab.agent.backup();
  await lab.agent.start();
  await me.say('SAY Half\nWAIT unknown-message\nSAY whole.', mission);
  await lab.model.reached('unknown-message');

  await lab.agent.kill();
  lab.agent.restore(yesterday);
  await lab.agent.start();

  expect((await viewer.ended(mission, 2)).data).toMatchObject({ outcome: 'interrupted' });
  await expectAgreedAtEdge(mission, 'interrupted');
  expect(callsOf(lab, 'unknown-message')).toHaveLength(1);
});

test('a message that was received and whose store is lost before it ran is shown as lost and never runs', async () => {
  lab.openCode.freeze();
  const received = lab.linkProxy.passed(ofType('received'));
  const { mission } = await me.say('SAY lost-before-run');
  await received;

  await lab.agent.kill();
  lab.agent.remove();
  lab.openCode.thaw();
  await lab.agent.start();

  expect((await viewer.ended(mission)).name).toBe('command.lost');
  await expectAgreedAtEdge(mission, 'interrupted');
  expect(callsOf(lab, 'lost-before-run')).toEqual([]);
});

test('two host-agents with one credential: it is said, the later one wins, and what both see is stored once', async () => {
  const before = [...notes()];
  const { mission } = await me.say(
    'REASON Two of us.\nTOOL write {"content":"a","filePath":"a.txt"}\nSAY Half\nWAIT cloned\nSAY and whole.',
  );
  await lab.model.reached('cloned');
  await lab.agent.kill();
  const clone = lab.agent.clone();

  await lab.agent.start();
  await welcome();
  await clone.start();
  await noted('host.cloned', before);
  lab.model.release('cloned');
  await viewer.ended(mission);
  await expectAgreed(lab, me, mission, 'completed');
  expectSeen(viewer, mission, await expectWhole(lab, me, mission, 'WAIT cloned'));

  await clone.stop();
  await next(mission, 'WAIT cloned', 2);
  expectSeen(viewer, mission, await expectWhole(lab, me, mission, 'WAIT cloned'));
});

test("OpenCode's store is lost between two turns: the mission goes on in a new session, and the log keeps the old one", async () => {
  const mission = await first('lost-opencode');
  const kept = await storedEvents(me, mission);

  await lab.openCode.kill();
  lab.openCode.remove();
  await lab.openCode.start();
  await next(mission, 'lost-opencode', 2);

  const events = await storedEvents(me, mission);
  expect(events.slice(0, kept.length)).toEqual(kept);
  expectSameAsModel(events, modelRecord(callsOf(lab, 'lost-opencode')));
  expectAskedOnce(callsOf(lab, 'lost-opencode'));
  expectSeen(viewer, mission, events);
  await expectAgreed(lab, me, mission, 'completed');
});

test("OpenCode's store is lost in the middle of a turn: interrupted, because tools may have run", async () => {
  const { mission } = await me.say(
    'TOOL write {"content":"a","filePath":"a.txt"}\nSAY Half\nWAIT opencode-store-in-turn',
  );
  await lab.model.reached('opencode-store-in-turn');

  await lab.openCode.kill();
  lab.openCode.remove();
  await lab.openCode.start();

  expect((await viewer.ended(mission)).data).toMatchObject({ outcome: 'interrupted' });
  await expectAgreed(lab, me, mission, 'interrupted');
  expect(callsOf(lab, 'opencode-store-in-turn')).toHaveLength(2);
  await next(mission, 'opencode-store', 2);
});

test("OpenCode's store is restored from an older copy: it is said, and what comes after is not taken for what came before", async () => {
  const before = [...notes()];
  const mission = await first('older-opencode');
  await lab.openCode.kill();
  const yesterday = lab.openCode.backup();
  await lab.openCode.start();
  await next(mission, 'older-opencode', 2);
  const kept = await storedEvents(me, mission);

  await lab.openCode.kill();
  lab.openCode.restore(yesterday);
  await lab.openCode.start();
  await next(mission, 'older-opencode', 3);
  await next(mission, 'older-opencode', 4);

  const events = await storedEvents(me, mission);
  expect(events.slice(0, kept.length)).toEqual(kept);
  expectSameAsModel(events, modelRecord(callsOf(lab, 'older-opencode')));
  expectSeen(viewer, mission, events);
  expect(notes().length).toBeGreaterThan(before.length);
  await expectAgreed(lab, me, mission, 'completed');
});

/** What OpenCode does with a message that nobody here knows any more is the host's to settle. */
const expectAgreedAtEdge = (mission: string, status: string): Promise<void> =>
  vi.waitFor(async () => {
    expect((await me.call('GET', `/api/control/missions/${mission}`)).json).toMatchObject({ status, resumable: true });
    const running = (await me.call('GET', '/api/control/running')).json;
    expect(running.map((entry: { mission_id: string }) => entry.mission_id)).not.toContain(mission);
  }, soon);
