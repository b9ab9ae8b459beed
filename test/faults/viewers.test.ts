// Viewers that are slow, dead, cut off, or there while the edge goes away: nobody else notices, and nobody misses
// anything.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Person } from '../support/person.ts';
import { type ResumingViewer, resumingViewer } from '../support/resuming-viewer.ts';
import { expectAgreed, expectSeen, expectWhole, soon } from './case.ts';
import { type Laboratory, startLaboratory } from './laboratory.ts';

let lab: Laboratory;
/** Far from the edge: by way of the viewer proxy. */
let me: Person;
/** Near the edge: the proxy's faults don't reach them. */
let direct: Person;
let witness: ResumingViewer;

beforeAll(async () => {
  lab = await startLaboratory();
  me = await lab.person();
  direct = await lab.person({ direct: true });
  witness = await resumingViewer(direct);
});
afterEach(() => lab?.mend());
afterAll(async () => {
  await witness?.close();
  await lab?.stop();
});

/**
 * What a model sends at once, in pieces: less than the edge keeps for one viewer (1 MB), so that who reads is never too
 * slow.
 */
const piece = 'A slow viewer does not hold up anybody else. '.repeat(110).trim();
const pieces = 115;
/** Together more than the kernel's buffers and the edge's allowance for one viewer (11 MB). */
const portions = Array.from({ length: 20 }, (_, index) => `portion-${index}`);
const flood = portions.map((name) => `REPEAT ${pieces} ${piece}\nWAIT ${name}`).join('\n');

/** What the host-agent may keep back of a text for a moment: its end could be the beginning of a secret. */
const heldBackChars = 10_000;

/** Lets the model go on each time the witness has what it said, so that on no machine it is the witness who is slow. */
const flowAtPace = async (): Promise<void> => {
  for (const [index, name] of portions.entries()) {
    await lab.model.reached(name);
    const sent = (index + 1) * pieces * piece.length;
    await vi.waitFor(() => expect(longestText()).toBeGreaterThan(sent - heldBackChars), soon);
    lab.model.release(name);
  }
};

const longestText = (): number => Math.max(...[...witness.texts.values()].map(({ length }) => length));

test('of two viewers that stop reading both are closed, alone: one comes back with its cursor and has all of it', async () => {
  const slow = await resumingViewer(me);
  const dead = await me.stream('?format=delta');
  const { mission } = await direct.say(`SAY Begun\nWAIT slow\n${flood}\nSAY slow-end`);
  await lab.model.reached('slow');
  await vi.waitFor(() => expect(slow.names(mission)).toContain('part.opened'), soon);
  const { joins } = witness.counts;

  lab.viewerProxy.stall();
  lab.model.release('slow');
  await flowAtPace();
  await witness.ended(mission);
  lab.viewerProxy.flow();
  await dead.ended;
  await slow.ended(mission);

  const events = await expectWhole(lab, direct, mission, 'slow-end');
  expectSeen(witness, mission, events);
  expectSeen(slow, mission, events);
  expect(dead.events.some(({ name }) => name === 'turn.ended')).toBe(false);
  expect(witness.counts.joins).toBe(joins);
  expect(slow.counts.joins).toBeGreaterThan(1);
  expect([slow.counts.resets, witness.counts.resets]).toEqual([0, 0]);
  await slow.close();
});

test('a viewer that is cut off again and again resumes without loss, repetition or reset', async () => {
  const far = await resumingViewer(me);
  const { mission } = await direct.say(
    'REASON Of cuts.\nTOKENS 200 DELAY 5\nTOOL write {"content":"a","filePath":"a.txt"}\nTOKENS 200 DELAY 5\nSAY viewer-cut',
  );
  for (let cut = 0; cut < 10; cut++) {
    const { joins } = far.counts;
    await vi.waitFor(() => expect(lab.viewerProxy.connections()).toBeGreaterThan(0), soon);
    lab.viewerProxy.cut();
    await vi.waitFor(() => expect(far.counts.joins).toBeGreaterThan(joins), soon);
  }

  await far.ended(mission);
  const events = await expectWhole(lab, direct, mission, 'viewer-cut');
  expectSeen(far, mission, events);
  expectSeen(witness, mission, events);
  expect(far.counts.resets).toBe(0);
  await far.close();
});

test('a viewer resumes across restarts of the edge and of the host-agent', async () => {
  const far = await resumingViewer(me);
  const { mission } = await direct.say(
    'REASON Restarts.\nTOKENS 300 DELAY 5\nTOOL write {"content":"a","filePath":"r.txt"}\nSAY viewer-restart',
  );
  for (const part of [lab.edge, lab.agent, lab.edge]) {
    await lab.linkProxy.passed((direction, { json }) => direction === 'to-edge' && json?.type === 'batch');
    await part.kill();
    await part.start();
  }

  await far.ended(mission);
  const events = await expectWhole(lab, direct, mission, 'viewer-restart');
  expectSeen(far, mission, events);
  expectSeen(witness, mission, events);
  expect([far.counts.resets, witness.counts.resets]).toEqual([0, 0]);
  await expectAgreed(lab, direct, mission, 'completed');
  await far.close();
});

test('both renderings have the same content after a cut of the link and a restart of the edge', async () => {
  const apps = await direct.stream();
  const { mission } = await direct.say(
    'REASON Both.\nTOOL write {"content":"a","filePath":"b.txt"}\nSAY Rendered\nWAIT renderings\nSAY twice.',
  );
  await lab.model.reached('renderings');
  lab.linkProxy.cut();
  lab.model.release('renderings');
  await apps.until(({ name, data }) => name === 'assistant_message' && data.mission_id === mission);
  await witness.ended(mission);

  const own = apps.events.filter(({ data }) => data.mission_id === mission);
  const of = (type: string) => own.filter(({ name }) => name === type);
  expect(
    of('thinking')
      .filter(({ data }) => data.done === true)
      .map(({ data }) => data.content),
  ).toEqual(
    witness.rows
      .filter(({ name, data }) => name === 'part.closed' && data.mission_id === mission)
      .map(({ data }) => data.text),
  );
  expect(of('tool_call')).toHaveLength(1);
  expect(of('tool_result')).toHaveLength(1);
  expect(of('assistant_message').map(({ data }) => data.content)).toEqual(
    witness.rows
      .filter(({ name, data }) => name === 'turn.ended' && data.mission_id === mission)
      .map(({ data }) => data.text),
  );
  apps.close();
});
