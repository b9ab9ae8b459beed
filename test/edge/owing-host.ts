// A server, new for each test, whose object owes others news: D1's lists and the accounts of its users.
import { env, runDurableObjectAlarm } from 'cloudflare:test';
import { expect, vi } from 'vitest';
import { commandId, missionId } from '../../shared/ids.ts';
import { freshHost, host, inObject, newMission, object, owner, stub } from './fresh-host.ts';
import { dialHost, type HostPeer, hello } from './host-peer.ts';
import { objectsAhead } from './object-clock.ts';

/** The mission that is there from the beginning of each test, of which everybody has been told. */
export let mission = missionId.parse(crypto.randomUUID());

/** For `beforeEach`. */
export const freshOwingHost = async (): Promise<void> => {
  await freshHost();
  mission = await newMission();
  await vi.waitFor(async () => expect(await owed()).toEqual([]));
};

export const newId = () => commandId.parse(crypto.randomUUID());
export const say = (id: ReturnType<typeof newId>) =>
  object().message(owner, { id, mission, content: 'hello', agent: null });
export const up = async (run = 'r1', more: object = {}): Promise<HostPeer> => {
  const peer = await dialHost(host);
  peer.send(hello(run, more));
  await peer.next('welcome');
  return peer;
};
export const owed = () =>
  inObject((sql) => sql.exec<{ kind: string; key: string }>('SELECT kind, key FROM effects').toArray());
export const statusOf = (id: string) =>
  env.DB.prepare('SELECT status FROM missions WHERE id = ?').bind(id).first<string>('status');
/** What was owed has come about: by the alarm, which a test lets come at once. */
export const settled = () =>
  vi.waitFor(async () => {
    objectsAhead(5_000);
    await runDurableObjectAlarm(stub());
    expect(await owed()).toEqual([]);
  });
