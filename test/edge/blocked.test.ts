// A turn whose model gave no whole answer: blocked in every rendering, with what there is of an answer, and resumable.
import { env } from 'cloudflare:test';
import { beforeEach, expect, test } from 'vitest';
import { outcomeOf, turnEnded } from '../../shared/events.ts';
import { commandId, missionId } from '../../shared/ids.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { batch, dialHost, enrolHost, hello, row } from './host-peer.ts';
import { turnRows } from './turn-rows.ts';
import { watch } from './viewer-peer.ts';

const owner = 'alice';
const why = "The answer was cut off by the model's token limit. Resume the mission to let it go on.";
let host = '';
let mission = missionId.parse(crypto.randomUUID());
const object = () => hostObject(env, host);

beforeEach(async () => {
  host = crypto.randomUUID();
  mission = missionId.parse(crypto.randomUUID());
  await enrolHost(host);
  await object().createMission({ id: mission, owner, workspace: 'w', title: null, agent: null, model: null });
});

const usage = { cost_usd: 0.02, input: 1, output: 1, reasoning: 0, cache_read: 0, cache_write: 0 };
const endOf = (command: string, turn: string) => ({
  type: 'turn.ended',
  command,
  turn,
  outcome: 'interrupted',
  blocked: true,
  answer: [],
  text: why,
  model: 'lab/m1',
  usage,
});

/** A turn that said `text` and ended blocked. */
const blockedTurn = async (text: string) => {
  const peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
  const id = commandId.parse(crypto.randomUUID());
  await object().message(owner, { id, mission, content: 'hello', agent: null });
  await peer.next('commands');
  const turn = crypto.randomUUID();
  const rows = turnRows(mission, id, turn);
  const ended = row(mission, { ...endOf(id, turn), answer: text === '' ? [] : [`prt_${turn}`] });
  peer.send(batch('r1', 1, [rows.started, rows.part, rows.closed(0, text, text.length), ended]));
  await peer.next('ack');
  return peer;
};

const stored = async () => {
  const page = await object().events(owner, mission, { types: null, from: 1, limit: 500 });
  if (!page.ok) throw new Error(page.message);
  return page.value.events;
};

const viewed = async () => {
  const answer = await object().mission(owner, mission);
  if (!answer.ok) throw new Error(answer.message);
  return answer.value;
};

test('half an answer is shown with what is missing, alike in both streams, the stored events and the history', async () => {
  const [apps, own] = [await watch(host, owner), await watch(host, owner, { rendering: 'default' })];
  await blockedTurn('Half an ans');
  const content = `Half an ans\n\n${why}`;

  const live = await own.until(({ name }) => name === 'assistant_message');
  expect(live.data).toMatchObject({ content, success: false, resumable: true });
  const changes = own.events.filter(({ name }) => name === 'mission_status_changed');
  expect(changes.map(({ data }) => [data.status, data.summary])).toEqual([['blocked', why]]);
  expect((await apps.until(({ name }) => name === 'turn.ended')).data).toMatchObject({ text: content, blocked: true });

  const events = await stored();
  expect(events.at(-1)).toMatchObject({
    event_type: 'assistant_message',
    content,
    metadata: { success: false, resumable: true },
  });
  expect(events.at(-2)).toMatchObject({ event_type: 'mission_status_changed', metadata: { status: 'blocked' } });
  expect(await viewed()).toMatchObject({
    status: 'blocked',
    resumable: true,
    interrupted_at: expect.any(String),
    history: [
      { role: 'user', content: 'hello' },
      { role: 'assistant', content },
    ],
  });
});

test('an answer of nothing is what is said of it', async () => {
  await blockedTurn('');

  expect((await viewed()).history.at(-1)).toEqual({ role: 'assistant', content: why });
});

test('a blocked mission can be resumed, and the agent reads why and its half answer', async () => {
  const peer = await blockedTurn('Half an ans');

  const resumed = await object().resume(owner, mission, false);

  expect(resumed).toMatchObject({ ok: true, value: { status: 'active', resumable: false } });
  const { commands } = await peer.next('commands');
  const content = JSON.stringify(commands[0]);
  expect(content).toMatch(/MISSION RESUMED.*This mission was stopped at .*: The answer was cut off/);
  expect(content).toMatch(/Your last answer:\\nHalf an ans\\n/);
  expect(content).not.toContain('iteration limit');
});

test('a mission that a person blocked is resumed as the contract says', async () => {
  const peer = await blockedTurn('Half');
  await object().setStatus(owner, mission, 'active');
  const id = commandId.parse(crypto.randomUUID());
  await object().message(owner, { id, mission, content: 'again', agent: null });
  await peer.next('commands');
  const rows = turnRows(mission, id, crypto.randomUUID());
  peer.send(batch('r1', 5, [rows.started, rows.ended('completed')]));
  await peer.next('ack');
  await object().setStatus(owner, mission, 'blocked');

  await object().resume(owner, mission, false);

  expect(JSON.stringify((await peer.next('commands')).commands)).toContain('it had reached its iteration limit');
});

test('an edge of before takes the same end as an interruption, and `blocked` says nothing of another outcome', () => {
  const ended = endOf(crypto.randomUUID(), crypto.randomUUID());
  const { blocked: _, ...known } = ended;

  expect(turnEnded.omit({ blocked: true }).parse(ended)).toEqual(known);
  expect(outcomeOf({ outcome: 'interrupted', blocked: true })).toBe('blocked');
  expect(outcomeOf({ outcome: 'completed', blocked: true })).toBe('completed');
});
