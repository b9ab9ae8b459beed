// What the host-agent must never do, shown to the real program by an edge that a case plays itself. There is no
// OpenCode: commands of a version to come end at once, each with a row in the outbox.
import { expect } from 'vitest';
import type { Build } from '../faults/copied-build.ts';
import { type Dial, EdgePeer } from '../support/edge-peer.ts';
import { newCommandId, newMissionId } from '../support/host-store.ts';
import { hostAlone } from './stage.ts';

export type HostCase = (build: Build) => Promise<void>;

/** Gives the host a command; its id stands in the row that it makes of it. */
const command = (dial: Dial): string => {
  const id = newCommandId();
  dial.send({ type: 'commands', commands: [{ id, mission: newMissionId(), kind: 'of-a-version-to-come' }] });
  return id;
};

const has = (rows: unknown, id: string): boolean => JSON.stringify(rows).includes(id);

/** Resolves when a row of the command has been sent, whatever became of it. */
const sent = (peer: EdgePeer, dial: Dial, id: string): Promise<true> =>
  peer.until(() => (dial.all('batch').some(({ items }) => has(items, id)) ? true : undefined));

/** Host and edge die between the sending of a row and its commit. */
export const killedWhileSending: HostCase = async (build) => {
  const peer = await EdgePeer.start();
  peer.acks = false;
  const host = await hostAlone(build, peer.url);
  await host.start();
  const first = await peer.greeted();
  const unstored = command(first);
  await sent(peer, first, unstored);

  await host.kill();
  peer.rows.length = 0;
  peer.runs.clear();
  peer.acks = true;
  await host.start();
  const second = await peer.greeted();
  const later = command(second);
  await sent(peer, second, later);

  expect(has(peer.rows, unstored), 'a row that was sent and never acknowledged comes again').toBe(true);
};

/** Yesterday's store is put back, and gives out its numbers a second time. */
export const restoredStore: HostCase = async (build) => {
  const peer = await EdgePeer.start();
  const host = await hostAlone(build, peer.url);
  await host.start();
  const first = await peer.greeted();
  await sent(peer, first, command(first));
  await host.stop();
  const yesterday = host.backup();
  await host.start();
  const second = await peer.greeted();
  await sent(peer, second, command(second));
  await host.stop();
  host.restore(yesterday);

  await host.start();
  const third = await peer.greeted();
  const afterwards = command(third);
  await sent(peer, third, afterwards);

  expect(has(peer.rows, afterwards), 'a row of a restored store is taken').toBe(true);
};
