// A mission with turns that ended, and a server whose log is to lose them.
import { runDurableObjectAlarm } from 'cloudflare:test';
import { expect } from 'vitest';
import { commandId, type MissionId } from '../../shared/ids.ts';
import { backgroundEnded } from './background.ts';
import { principalWith } from './edge.ts';
import { host, inObject, newMission, object, owner, stub } from './fresh-host.ts';
import { batch, dialHost, type HostPeer, hello, row } from './host-peer.ts';
import { objectsAhead } from './object-clock.ts';
import { turnRows } from './turn-rows.ts';

export const dayMs = 86_400_000;
export const admin = principalWith(['read', 'run', 'admin']);

/** Turns of missions as their server tells them. */
export interface Told {
  peer: HostPeer;
  /** One whole turn; its tool says `result`. */
  turn(mission: MissionId, name: string, result?: string): Promise<{ turn: string }>;
  /** A turn that goes on. */
  begin(mission: MissionId, name: string): Promise<ReturnType<typeof turnRows>>;
  rows(...items: object[]): Promise<void>;
}

export const connected = async (head: object = {}, run = 'r1'): Promise<Told> => {
  const peer = await dialHost(host);
  peer.send(hello(run, head));
  await peer.next('welcome');
  let n = 0;
  const rows = async (...items: object[]): Promise<void> => {
    peer.send(batch(run, n + 1, items));
    n += items.length;
    while ((await peer.next('ack')).n < n);
  };
  const begin = async (mission: MissionId, name: string) => {
    const id = commandId.parse(crypto.randomUUID());
    expect(await object().message(owner, { id, mission, content: `${name} asked`, agent: null })).toMatchObject({
      ok: true,
    });
    await peer.next('commands');
    peer.send({ type: 'received', ids: [id] });
    const told = turnRows(mission, id, crypto.randomUUID());
    await rows(told.started, told.part, told.checkpoint(0, `${name} answered`), told.called);
    return told;
  };
  return {
    peer,
    begin,
    rows,
    turn: async (mission, name, result = 'ok') => {
      const told = await begin(mission, name);
      const text = `${name} answered`;
      const call = { type: 'tool.result', tool_call_id: `call_${told.turn}`, name: 'write', result, failed: false };
      await rows(
        row(mission, call),
        told.closed(text.length, '', text.length),
        row(mission, { type: 'turn.cost', turn: told.turn, usage: costs }),
        told.ended('completed'),
      );
      return { turn: told.turn };
    },
  };
};
const costs = { cost_usd: 0.01, input: 1, output: 1, reasoning: 0, cache_read: 0, cache_write: 0 };

/** A mission with two turns that are old enough to leave. */
export const oldMission = async () => {
  const told = await connected();
  const mission = await newMission();
  await told.turn(mission, 'old');
  await told.turn(mission, 'also old');
  const before = await events(mission);
  await quiet();
  await object().setRetention(admin, { days: 1 });
  objectsAhead(3 * dayMs);
  return { ...told, mission, before };
};
/** The server has had nothing to do for a while. */
export const quiet = async (): Promise<void> => {
  objectsAhead(2 * 60_000);
  await leave(1);
};

/** Wakes the object until what is due has left. */
export const leave = async (goes = 10): Promise<void> => {
  for (let n = 0; n < goes; n += 1) {
    await runDurableObjectAlarm(stub());
    await backgroundEnded();
  }
};

export const events = async (mission: string, more: object = {}) => {
  const page = await object().events(owner, mission, { types: null, from: 1, limit: 500, ...more });
  if (!page.ok) throw new Error(page.message);
  return page.value.events;
};
export const contents = async (mission: string, more: object = {}): Promise<string[]> =>
  (await events(mission, more)).map(({ content }) => content);

/** All texts that the object has anywhere in its tables. */
export const texts = (): Promise<string> =>
  inObject((sql) =>
    ['SELECT body AS text FROM log', 'SELECT text FROM chunks', 'SELECT content AS text FROM commands']
      .flatMap((query) => sql.exec<{ text: string }>(query).toArray())
      .map(({ text }) => text)
      .join('\n'),
  );
export { newMission, object, owner };
