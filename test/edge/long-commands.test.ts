import { env } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { commandId, missionId } from '../../shared/ids.ts';
import { maxFrameBytes, maxMessageBytes } from '../../shared/limits.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { heavyText, heavyUnits } from '../support/heavy-text.ts';
import { dialHost, enrolHost, type HostPeer, hello } from './host-peer.ts';

const slots = { capabilities: { agents: null, working_dir: '/root', slots: 50 } };

/** The ids of the next messages that a host is sent, so many of them. */
const taken = async (peer: HostPeer, count: number): Promise<string[]> => {
  const ids: string[] = [];
  while (ids.length < count) {
    const { commands } = await peer.next('commands');
    ids.push(...commands.map(({ id }) => id));
    peer.send({ type: 'received', ids: [] });
  }
  return ids;
};

test('the longest messages of many missions reach their host in frames that it accepts, also when it dials again', async () => {
  const host = crypto.randomUUID();
  await enrolHost(host);
  const object = hostObject(env, host);
  const content = heavyText(heavyUnits['control characters'], maxMessageBytes);
  const sent: string[] = [];
  for (let each = 0; each < 12; each += 1) {
    const [mission, id] = [missionId.parse(crypto.randomUUID()), commandId.parse(crypto.randomUUID())];
    await object.createMission({ id: mission, owner: 'alice', workspace: 'w', title: null, agent: null, model: null });
    await object.message('alice', { id, mission, content, agent: null });
    sent.push(id);
  }

  const first = await dialHost(host);
  first.send(hello('r1', slots));
  expect((await first.next('welcome')).commands).toEqual([]);
  expect(await taken(first, 12)).toEqual(sent);
  const [lost, kept] = [sent.slice(0, 11), sent.slice(11)];
  const again = await dialHost(host);
  again.send(hello('r1', { ...slots, commands: kept, welcomed_run: 'r1' }));
  const welcome = await again.next('welcome');

  expect(welcome.commands).toMatchObject(kept.map((id) => ({ received: true, command: { id } })));
  expect(await taken(again, 11)).toEqual(lost);
  expect(Math.max(first.largest(), again.largest())).toBeLessThanOrEqual(maxFrameBytes);
  expect(Buffer.byteLength(JSON.stringify(welcome))).toBeLessThan(10_000);
});
