// What fuzzing found (test/fuzz), each as a case of its own.
import { expect, test } from 'vitest';
import { closeCode } from '../../shared/limits.ts';
import { EdgePeer } from '../support/edge-peer.ts';
import { message, newCommandId, newMissionId, note, temporaryStore } from '../support/host-store.ts';
import { runningLink } from '../support/running-link.ts';

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

test.each([
  ['beyond what was sent', (run: string) => ({ type: 'ack', run, n: 3, segment: 's', seq: 1 })],
  ['of a run that is not ours', () => ({ type: 'ack', run: 'another', n: 1, segment: 's', seq: 1 })],
])('an ack %s ends the session, and nothing counts as safe', async (_, ack) => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  peer.acks = false;
  runningLink(store, peer);
  const dial = await peer.greeted();
  store.outbox.append([note('one'), note('two')]);
  await peer.stored(2);

  dial.raw(JSON.stringify(ack(store.run)));

  expect(await dial.ended()).toMatchObject({ code: closeCode.badFrame, reason: expect.stringContaining('ack') });
  expect(store.outbox.ackedOf(store.run)).toBe(0);
});

test('a command nested beyond writing is received and fails, and the one beside it starts', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  const { told } = runningLink(store, peer);
  const dial = await peer.greeted();
  const [id, good] = [newCommandId(), message()];
  const bad = `{"kind":"message","id":"${id}","mission":"${newMissionId()}","at":1,"args":${nested(50_000)}}`;

  dial.raw(`{"type":"commands","commands":[${bad},${JSON.stringify(good)}]}`);
  const [end] = await peer.stored(1);

  expect((await dial.next('received')).ids).toEqual([id, good.id]);
  expect(end?.item).toMatchObject({ event: { type: 'command.finished', command: id, outcome: 'failed' } });
  expect(told).toContainEqual(['commands', [good.id]]);
  expect(dial.closed).toBeNull();
});

test('a second welcome ends the session with a reason', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  const { logged } = runningLink(store, peer);
  const dial = await peer.greeted();

  dial.welcome();

  expect(await dial.ended()).toEqual({ code: closeCode.badFrame, reason: 'a second welcome' });
  await peer.greeted();
  expect(logged.map(({ event }) => event)).not.toContain('link.failed');
});

test('a name as long as a frame is not kept, or every later hello would carry it', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  runningLink(store, peer);
  const dial = await peer.greeted({ segment: 's'.repeat(4_000_000) });

  expect((await dial.ended()).code).toBe(closeCode.badFrame);
  expect(store.edge.known().segment).toBeNull();
});

test('a welcome of a later version is told so, whatever else it has', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  const { line } = runningLink(store, peer);
  const dial = await peer.dialled();
  await dial.next('hello');

  dial.raw('{"type":"welcome","version":2,"renamed":true}');

  expect((await dial.ended()).code).toBe(closeCode.version);
  expect(await line('link.refused')).toMatchObject({ text: expect.stringContaining('Update') });
});
