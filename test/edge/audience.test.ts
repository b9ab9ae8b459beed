import { env } from 'cloudflare:test';
import { beforeEach, expect, test } from 'vitest';
import { commandId, type MissionId, missionId } from '../../shared/ids.ts';
import { maySeeUnowned, viewerState } from '../../worker/host/viewers/audience.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { asUser, edgeEnv, enrol, freshDirectory, teamUsers } from './edge.ts';
import { batch, dialHost, type HostPeer, hello, row } from './host-peer.ts';
import { turnRows } from './turn-rows.ts';
import { watch as watchStream } from './viewer.ts';
import { type ViewerPeer, watch } from './viewer-peer.ts';

let host = '';
let peer: HostPeer;

beforeEach(async () => {
  await freshDirectory();
  host = (await enrol()).id;
  peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
});

const newMission = async (owner: string): Promise<MissionId> => {
  const id = missionId.parse(crypto.randomUUID());
  await hostObject(env, host).createMission({ id, owner, workspace: 'w', title: null, agent: null, model: null });
  return id;
};

const reaped = row(null, { type: 'host.note', code: 'reaped', text: 'ended: ada-secret-build --token' });
const lines = ({ events }: ViewerPeer) =>
  events.flatMap(({ name, data }) => (name === 'snapshot' ? [] : [`${name} ${data.code ?? data.reason ?? ''}`.trim()]));

test('rows that are of no mission are shown to admins alone, live and in replay; a gap is for everybody', async () => {
  const bobs = await newMission('bob');
  const first = (await watch(host, 'bob')).cursor();
  const live = [await watch(host, 'bob'), await watch(host, 'ada', { isAdmin: true })] as const;
  peer.send(
    batch('r1', 1, [
      reaped,
      row(null, { type: 'opencode.replaced', why: 'ada' }),
      row(null, { type: 'future.thing', of: 'ada' }),
      { nonsense: true },
    ]),
  );
  peer.send({ type: 'gap', run: 'r1', from: 5, to: 9 });
  await live[0].until(({ name }) => name === 'log.gap');
  await live[1].until(({ name }) => name === 'log.gap');
  const joined = async (owner: string, more: object) => {
    const viewer = await watch(host, owner, { cursor: first, ...more });
    await viewer.until(({ name }) => name === 'snapshot');
    return viewer;
  };

  const all = ['host.note reaped', 'opencode.replaced', 'future.thing', expect.stringMatching(/^log.rejected not/)];
  expect(lines(live[0])).toEqual(['log.gap']);
  expect(lines(live[1])).toEqual([...all, 'log.gap']);
  expect(lines(await joined('bob', {}))).toEqual(['log.gap']);
  expect(lines(await joined('bob', { mission: bobs }))).toEqual(['log.gap']);
  expect(lines(await joined('ada', { isAdmin: true })).slice(-5)).toEqual([...all, 'log.gap']);
});

test('a row that is refused is of the mission it was sent for, unless its reason names another one', async () => {
  const [adas, bobs] = [await newMission('ada'), await newMission('bob')];
  const command = commandId.parse(crypto.randomUUID());
  await hostObject(env, host).message('ada', { id: command, mission: adas, content: 'hello', agent: null });
  await peer.next('commands');
  const [ada, bob] = [await watch(host, 'ada'), await watch(host, 'bob')];

  const strays = turnRows(bobs, command, crypto.randomUUID());
  peer.send(
    batch('r1', 1, [
      row(adas, { type: 'tool.called', turn: 3 }),
      strays.started,
      row(missionId.parse(crypto.randomUUID()), { type: 'mission.deleted' }),
      row(bobs, { type: 'future.thing' }),
      row(adas, { type: 'future.thing' }),
    ]),
  );
  await ada.until(({ name }) => name === 'future.thing');
  await bob.until(({ name }) => name === 'future.thing');

  expect(lines(ada)).toEqual([expect.stringMatching(/^log.rejected tool.called/), 'future.thing']);
  expect(lines(bob)).toEqual(['future.thing']);
});

test('who is an admin is known from the gate on, and a socket of an older version is of nobody who is one', async () => {
  const bound = edgeEnv({ OPEN_AGENT_USERS: teamUsers });
  const [bob, ada] = [asUser('bob', bound), asUser('ada', bound)];
  // A stream holds the servers that have something of its user.
  await newMission('bob');
  await newMission('ada');
  const [bobs, adas] = [await watchStream(bob, '?format=delta'), await watchStream(ada, '?format=delta')];
  peer.send(batch('r1', 1, [reaped]));
  peer.send({ type: 'gap', run: 'r1', from: 2, to: 2 });
  await adas.until(({ name }) => name === 'log.gap');
  await bobs.until(({ name }) => name === 'log.gap');

  expect(adas.blocks.map(({ name }) => name)).toContain('host.note');
  expect(bobs.blocks.map(({ name }) => name)).not.toContain('host.note');
  const older = { kind: 'viewer', owner: 'ada', rendering: 'delta', mission: null, mode: 'live', seq: 0 };
  expect(maySeeUnowned(viewerState.parse(older), { type: 'host.note', code: 'reaped', text: '' })).toBe(false);
});
