import { env } from 'cloudflare:test';
import { beforeEach, expect, test, vi } from 'vitest';
import { commandId, missionId } from '../../shared/ids.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { batch, dialHost, enrolHost, hello } from './host-peer.ts';
import { turnRows } from './turn-rows.ts';

const owner = 'alice';
let host = '';
let mission = missionId.parse(crypto.randomUUID());

const object = () => hostObject(env, host);
const up = async () => {
  const peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
  return peer;
};
const isAway = () =>
  vi.waitFor(async () =>
    expect(await object().running(owner)).toMatchObject([{ server_away_since: expect.any(String) }]),
  );

/** A message that the host has, and its rows. */
const begun = async () => {
  const id = commandId.parse(crypto.randomUUID());
  const peer = await up();
  await object().message(owner, { id, mission, content: 'hello', agent: null });
  await peer.next('commands');
  return { peer, rows: turnRows(mission, id, crypto.randomUUID()) };
};

/** What was stored after the message itself, as type and content. */
const shown = async () => {
  const page = await object().events(owner, mission, { types: null, from: 2, limit: 100 });
  if (!page.ok) throw new Error(page.message);
  return page.value.events.map(({ event_type, content }) => `${event_type} ${content}`);
};

beforeEach(async () => {
  host = crypto.randomUUID();
  mission = missionId.parse(crypto.randomUUID());
  await enrolHost(host);
  await object().createMission({ id: mission, owner, workspace: 'w', title: null, agent: null, model: null });
});

test('a message cancelled before its turn was heard of has one end, whatever its host tells later', async () => {
  const { peer, rows } = await begun();
  peer.close();
  await isAway();
  await object().cancel(owner, mission);

  const back = await up();
  back.send(batch('r1', 1, [rows.started, rows.ended('completed')]));
  await back.next('ack');

  expect(await shown()).toEqual(['mission_status_changed Cancelled by user', 'assistant_message Task cancelled']);
  expect(await object().running(owner)).toEqual([]);
  expect(await object().mission(owner, mission)).toMatchObject({ value: { status: 'interrupted' } });
});

test('the text of a turn that was ended at the edge is stored when its host brings it', async () => {
  const { peer, rows } = await begun();
  peer.send(batch('r1', 1, [rows.started, rows.part, rows.checkpoint(0, 'Hello')]));
  await peer.next('ack');
  peer.close();
  await isAway();
  await object().cancel(owner, mission);
  expect(await shown()).toContain('thinking Hello');

  const back = await up();
  back.send(batch('r1', 4, [rows.checkpoint(5, ', '), rows.closed(7, 'world', 12), rows.ended('cancelled')]));
  await back.next('ack');

  expect(await shown()).toEqual([
    'thinking Hello, world',
    'mission_status_changed Cancelled by user',
    'assistant_message Task cancelled',
  ]);
});

test('a part that was begun after the end at the edge is closed when its host ends the turn', async () => {
  const { peer, rows } = await begun();
  peer.send(batch('r1', 1, [rows.started]));
  await peer.next('ack');
  peer.close();
  await isAway();
  await object().cancel(owner, mission);

  const back = await up();
  back.send(batch('r1', 2, [rows.part, rows.ended('cancelled')]));
  await back.next('ack');

  const page = await object().events(owner, mission, { types: ['thinking'], from: 1, limit: 100 });
  expect(page.ok && page.value.events).toMatchObject([{ content: '', metadata: { done: true } }]);
});
