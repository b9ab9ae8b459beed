// The edge's state, or one half of it, is replaced by yesterday's copy (protocol §6).
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test, vi } from 'vitest';
import { expectAskedOnce, expectSameAsModel, modelRecord, storedEvents } from '../support/comparison.ts';
import { callsOf, expectAgreed, expectSeen, soon } from './case.ts';
import { lab, me, useOneLaboratory, viewer } from './one-laboratory.ts';

useOneLaboratory();

const turn = async (text: string, mission?: string): Promise<string> => {
  const said = await me.say(`REASON Of ${text}.\nTOOL write {"content":"a","filePath":"a.txt"}\nSAY ${text}`, mission);
  await viewer.until(
    ({ name, data }) => name === 'turn.ended' && data.mission_id === said.mission && data.text === text,
  );
  return said.mission;
};

/** What agents did is all there, once; what people wrote after the copy was made is the edge's own and may be gone. */
const expectAllOfIt = async (mission: string, marker: string): Promise<void> => {
  await vi.waitFor(async () => {
    expectSameAsModel(await storedEvents(me, mission), modelRecord(callsOf(lab, marker)));
  }, soon);
  expectAskedOnce(callsOf(lab, marker));
  const events = await storedEvents(me, mission);
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
  await vi.waitFor(() => expectSeen(viewer, mission, events), soon);
  await expectAgreed(lab, me, mission, 'completed');
};

const linkSessions = (): number => lab.logs('host-agent').split('"event":"link.up"').length - 1;

/** How far the edge's log has come, as the host-agent keeps it. */
const logHeadAtHost = (): number => {
  const db = new DatabaseSync(join(lab.stateDir, 'host-agent.sqlite'), { readOnly: true });
  try {
    return Number(db.prepare('SELECT seq FROM edge').get()?.seq);
  } finally {
    db.close();
  }
};

const copyOf = async <T>(backup: () => T): Promise<T> => {
  await lab.edge.kill();
  const copy = backup();
  await lab.edge.start();
  return copy;
};

test('all of the edge is rolled back: viewers start anew, and the server brings back everything since', async () => {
  const old = await turn('rolled-old one');
  const yesterday = await copyOf(lab.edge.backup);
  await turn('rolled-old two', old);
  const fresh = await turn('rolled-fresh one');
  const { resets } = viewer.counts;

  await lab.edge.kill();
  lab.edge.restore(yesterday);
  await lab.edge.start();

  await vi.waitFor(() => expect(viewer.counts.resets).toBe(resets + 1), soon);
  await expectAllOfIt(old, 'rolled-old');
  await expectAllOfIt(fresh, 'rolled-fresh');
  await turn('rolled-old three', old);
  await expectAllOfIt(old, 'rolled-old');
});

test('all of the edge is rolled back in the middle of a turn: the turn ends as if nothing had happened', async () => {
  const yesterday = await copyOf(lab.edge.backup);
  const { mission } = await me.say('SAY Half\nWAIT rolled-in-turn\nSAY and whole.');
  await lab.model.reached('rolled-in-turn');
  await viewer.until(({ name, data }) => name === 'part.opened' && data.mission_id === mission);

  await lab.edge.kill();
  lab.edge.restore(yesterday);
  await lab.edge.start();
  lab.model.release('rolled-in-turn');

  await viewer.until(({ name, data }) => name === 'turn.ended' && data.mission_id === mission);
  await expectAllOfIt(mission, 'rolled-in-turn');
});

test('a message that waited in the copy is not sent without being asked: it is shown as lost', async () => {
  const { mission } = await me.say('SAY Busy\nWAIT held-message\nSAY no more.');
  await lab.model.reached('held-message');
  const waiting = await me.say('SAY waited-in-copy', mission);
  const sessions = linkSessions();
  const yesterday = await copyOf(lab.edge.backup);
  await vi.waitFor(() => expect(linkSessions()).toBe(sessions + 1), soon);
  const told = logHeadAtHost();
  expect((await me.call('DELETE', `/api/control/queue/${waiting.message}`)).status).toBe(200);
  // Nothing of the host's own came after the copy: only this tells an older edge that it is one.
  await vi.waitFor(() => expect(logHeadAtHost()).toBeGreaterThan(told), soon);

  await lab.edge.kill();
  lab.edge.restore(yesterday);
  await lab.edge.start();
  lab.model.release('held-message');

  await viewer.until(({ name, data }) => name === 'command.lost' && data.mission_id === mission);
  await vi.waitFor(async () => expect((await me.call('GET', '/api/control/running')).json).toEqual([]), soon);
  expect(callsOf(lab, 'waited-in-copy')).toEqual([]);
});

test("the object alone is rolled back, the directory is today's", async () => {
  const old = await turn('object-old one');
  const yesterday = await copyOf(lab.edge.objects.backup);
  await turn('object-old two', old);
  const fresh = await turn('object-fresh one');

  await lab.edge.kill();
  lab.edge.objects.restore(yesterday);
  await lab.edge.start();

  await expectAllOfIt(old, 'object-old');
  await expectAllOfIt(fresh, 'object-fresh');
});

test('the directory alone is rolled back: the object writes it again, and everything is found', async () => {
  const old = await turn('directory-old one');
  const yesterday = await copyOf(lab.edge.d1.backup);
  const fresh = await turn('directory-fresh one');
  await turn('directory-old two', old);
  const deleted = await turn('directory-deleted one');
  expect((await me.call('DELETE', `/api/control/missions/${deleted}`)).status).toBe(200);

  await lab.edge.kill();
  lab.edge.d1.restore(yesterday);
  await lab.edge.start();

  await vi.waitFor(async () => {
    const listed = (await me.call('GET', '/api/control/missions')).json.map(({ id }: { id: string }) => id);
    expect(listed).toEqual(expect.arrayContaining([old, fresh]));
    expect(listed).not.toContain(deleted);
  }, soon);
  await turn('directory-fresh two', fresh);
  await expectAllOfIt(old, 'directory-old');
  await expectAllOfIt(fresh, 'directory-fresh');
});

test('rows that the server keeps no more are a gap in the log, never silence', async () => {
  const old = await turn('gap one');
  const yesterday = await copyOf(lab.edge.backup);
  await turn('gap two', old);

  await lab.edge.kill();
  lab.edge.restore(yesterday);
  await lab.agent.kill();
  lab.agent.remove();
  await Promise.all([lab.edge.start(), lab.agent.start()]);
  await turn('gap three', old);

  const names = viewer.rows.map(({ name }) => name);
  expect(names.filter((name) => name === 'log.gap' || name === 'host.note').length).toBeGreaterThan(0);
  await expectAgreed(lab, me, old, 'completed');
});
