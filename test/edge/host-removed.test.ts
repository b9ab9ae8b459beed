// A server that is removed: what ends with it, and what stays.
import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import type { MissionJson } from '../../shared/api.ts';
import { closeCode } from '../../shared/limits.ts';
import { freshDirectory, internalToken, request } from './edge.ts';
import { admin, dialled, enrolled, list, newCode, remove } from './enrolling.ts';
import { batch, dialHost, hello } from './host-peer.ts';
import { turnRows } from './turn-rows.ts';

beforeEach(freshDirectory);

/** A server with a mission of the admin's, whose turn runs and whose next message waits. */
const busyServer = async () => {
  const server = await enrolled(await newCode());
  const peer = await dialHost(server.id, server.epoch);
  peer.send(hello('r1'));
  await peer.next('welcome');
  const created = await admin('/api/control/missions', { method: 'POST', json: { workspace_id: server.workspace_id } });
  const { id: mission } = await created.json<MissionJson>();
  const send = async (content: string) =>
    admin('/api/control/message', { method: 'POST', json: { content, mission_id: mission } });
  const { id: command } = await (await send('go')).json<{ id: string }>();
  const turn = randomUUID();
  const rows = turnRows(mission, command, turn);
  peer.send(batch('r1', 1, [rows.started, rows.part, rows.checkpoint(0, 'half')]));
  await peer.next('ack');
  await send('and then');
  return { server, peer, mission, command, turn, send };
};

const read = async (mission: string): Promise<MissionJson> =>
  (await admin(`/api/control/missions/${mission}`)).json<MissionJson>();

test('a removed server is stopped, cut off and gone from every list, and what it did can still be read', async () => {
  const { server, peer, mission, command, send } = await busyServer();

  expect((await remove(server.id)).status).toBe(200);

  expect((await peer.next('interrupt')).interrupt).toEqual({ mission, command });
  expect((await peer.closed).code).toBe(closeCode.unauthorised);
  expect(await dialled(server)).toBe(401);
  expect(await list()).toEqual([]);
  expect(await (await admin('/api/control/running')).json()).toEqual([]);
  expect(await (await admin('/api/control/queue')).json()).toEqual([]);
  const { status, history } = await read(mission);
  expect(status).toBe('interrupted');
  expect(history.map(({ role, content }) => [role, content.slice(0, 22)])).toEqual([
    ['user', 'go'],
    ['assistant', 'The server was removed'],
    ['user', 'and then'],
    ['assistant', 'The server was removed'],
  ]);
  const [listed] = await (await admin('/api/control/missions')).json<MissionJson[]>();
  expect(listed).toMatchObject({ id: mission, status: 'interrupted' });
  const more = await send('more');
  expect([more.status, await more.text()]).toEqual([409, expect.stringContaining('removed')]);
  expect((await admin(`/api/control/missions/${mission}/resume`, { method: 'POST' })).status).toBe(409);
  expect((await remove(server.id)).status).toBe(404);
});

test('a mission of a removed server can still be deleted, and the list forgets it', async () => {
  const { server, mission } = await busyServer();
  await remove(server.id);

  expect((await admin(`/api/control/missions/${mission}`, { method: 'DELETE' })).status).toBe(200);
  expect(await (await admin('/api/control/missions')).json()).toEqual([]);
});

test('a dial that was let in just before its server was removed is closed at its hello', async () => {
  const server = await enrolled(await newCode());
  await remove(server.id);
  const late = await dialHost(server.id, server.epoch);
  late.send(hello('r1'));

  expect((await late.closed).code).toBe(closeCode.unauthorised);
});

test('the server of the edge itself, once removed, is back with its next start', async () => {
  const { server, mission, command, turn, send } = await busyServer();
  await remove(server.id);
  const row = {
    id: server.id,
    name: 'own',
    credential_sha256: 'a'.repeat(64),
    epoch: server.epoch,
    workspace_id: server.workspace_id,
  };
  const headers = { Authorization: `Bearer ${internalToken}` };
  await request('/api/internal/setup', { method: 'POST', json: { host: row }, headers });
  const peer = await dialHost(server.id, server.epoch);
  const alive = { mission, command, turn, state: 'running', since: 0, last_activity: 0 };
  peer.send(hello('r2', { welcomed_run: 'r1', commands: [command], turns: [alive] }));
  const welcome = await peer.next('welcome');

  expect(welcome.commands).toEqual([]);
  expect(welcome.interrupts).toEqual([{ mission, command }]);
  expect(welcome.ended_turns).toEqual([turn]);
  expect((await send('again')).status).toBe(200);
  expect((await peer.next('commands')).commands).toMatchObject([{ mission }]);
  peer.close();
});

test('with no server left, creating a mission says which command brings one', async () => {
  const server = await enrolled(await newCode());
  await remove(server.id);
  const answer = await admin('/api/control/missions', { method: 'POST', json: {} });

  expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('openagent')]);
});
