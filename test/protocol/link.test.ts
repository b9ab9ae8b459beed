import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { linkTimes } from '../../host-agent/link/times.ts';
import type { StoredRow } from '../../host-agent/store/outbox.ts';
import type { Clock } from '../../shared/clock.ts';
import { closeCode, silenceMs } from '../../shared/limits.ts';
import { EdgePeer, type PeerRow } from '../support/edge-peer.ts';
import { handClock } from '../support/hand-clock.ts';
import { newHostId, note, temporaryDirectory, temporaryStore } from '../support/host-store.ts';

import { runningLink } from '../support/running-link.ts';

const notes = (count: number, prefix = 'row') =>
  Array.from({ length: count }, (_, index) => note(`${prefix} ${index + 1}`));
const numbers = (rows: (PeerRow | StoredRow)[]): number[] => rows.map(({ n }) => n);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

test('hello says who dials, and what the edge needs to go on', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  store.outbox.append(notes(2));
  const { hostFile } = runningLink(store, peer);

  const dial = await peer.dialled();
  const hello = await dial.next('hello');

  expect(dial.path).toBe('/api/host/link');
  expect(dial.authorization).toBe(`Bearer ${hostFile.id}.secret`);
  expect(hello).toMatchObject({
    epoch: 3,
    run: store.run,
    welcomed_run: null,
    segment: null,
    seq: 0,
    acked: null,
    runs: [store.run],
    commands: [],
    at: { run: store.run, n: 2 },
  });
});

test('nothing is sent before welcome', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  store.outbox.append(notes(2));
  const { link } = runningLink(store, peer);
  const dial = await peer.dialled();
  await dial.next('hello');

  store.outbox.append(notes(1));
  link.turnsChanged();
  expect(link.isUp()).toBe(false);
  dial.welcome();
  await peer.stored(3);

  expect(dial.frames[0]?.type).toBe('hello');
  expect(dial.all('hello')).toHaveLength(1);
  expect(link.isUp()).toBe(true);
});

test('rows from before and during a session arrive once and in order, and are acknowledged', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  store.outbox.append(notes(5));
  runningLink(store, peer);
  await peer.greeted();
  await peer.stored(5);

  for (const row of notes(20)) store.outbox.append([row]);
  await peer.stored(25);
  await peer.until(() => (store.outbox.ackedOf(store.run) === 25 ? true : undefined));

  expect(numbers(peer.rows)).toEqual(upTo(25));
  expect(peer.violations).toEqual([]);
});

test('a link that is cut again and again loses nothing and repeats nothing in the log', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  runningLink(store, peer);

  for (let round = 1; round <= 10; round++) {
    const dial = await peer.greeted();
    store.outbox.append(notes(30));
    await peer.until(() => (peer.rows.length > (round - 1) * 30 ? true : undefined));
    dial.cut();
    await dial.ended();
  }
  await peer.greeted();
  await peer.stored(300);

  expect(numbers(peer.rows)).toEqual(upTo(300));
});

test('rows whose ack was lost are sent again, and the edge still has each once', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  peer.acks = false;
  runningLink(store, peer);
  const first = await peer.greeted();
  store.outbox.append(notes(3));
  await peer.stored(3);
  expect(store.outbox.ackedOf(store.run)).toBe(0);
  first.cut();

  // An edge whose welcome was drawn up before the rows were committed.
  const second = await peer.greeted({ runs: [{ run: store.run, n: 0 }] });
  peer.acks = true;
  const repeated = await second.next('batch');
  await peer.until(() => (store.outbox.ackedOf(store.run) === 3 ? true : undefined));

  expect(repeated).toMatchObject({ from: 1 });
  expect(repeated.items).toHaveLength(3);
  expect(numbers(peer.rows)).toEqual([1, 2, 3]);
});

test('what the edge has according to welcome counts as acknowledged and is not sent again', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  peer.acks = false;
  runningLink(store, peer);
  const first = await peer.greeted();
  store.outbox.append(notes(3));
  await peer.stored(3);
  first.cut();

  const second = await peer.greeted();
  store.outbox.append(notes(1));
  const batch = await second.next('batch');

  expect(store.outbox.ackedOf(store.run)).toBe(3);
  expect(batch.from).toBe(4);
});

test('after 4009 sending goes on behind the n of the next welcome', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  runningLink(store, peer);
  const first = await peer.greeted({ runs: [{ run: store.run, n: 4 }] });
  store.outbox.append(notes(6));

  expect((await first.next('batch')).from).toBe(5);
  expect(await first.ended()).toMatchObject({ code: closeCode.gap });

  const second = await peer.greeted();
  expect((await second.next('batch')).from).toBe(1);
  await peer.stored(6);
  expect(numbers(peer.rows)).toEqual(upTo(6));
});

test('rows of older runs arrive before those of the current one', async () => {
  const path = join(temporaryDirectory(), 'host-agent.sqlite');
  const id = newHostId();
  const runs = [1, 2].map(() => {
    const older = temporaryStore(path, id);
    older.outbox.append(notes(3));
    older.close();
    return older.run;
  });
  const [peer, store] = [await EdgePeer.start(), temporaryStore(path, id)];
  store.outbox.append(notes(2));
  runningLink(store, peer);

  await peer.greeted();
  await peer.stored(8);

  const order = peer.rows.map(({ run, n }) => `${[...runs, store.run].indexOf(run)}.${n}`);
  expect(order).toEqual(['0.1', '0.2', '0.3', '1.1', '1.2', '1.3', '2.1', '2.2']);
});

test('an edge with a new log is sent every kept row again, and what is pruned is named as a gap', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  const { line } = runningLink(store, peer);
  const first = await peer.greeted();
  store.outbox.append([note('pruned', 1), note('kept', 100), note('kept too', 100)]);
  await peer.until(() => (store.outbox.ackedOf(store.run) === 3 ? true : undefined));
  store.outbox.prune(150, { ms: 100, bytes: 1_000_000 });
  first.cut();

  peer.log = 'another-log';
  peer.rows.length = 0;
  peer.runs.clear();
  const second = await peer.greeted();
  await line('link.log_renewed');
  expect(await second.ended()).toMatchObject({ code: 1000 });
  const third = await peer.dialled();
  const hello = await third.next('hello');
  third.welcome();
  await peer.stored(2);

  expect(hello.runs).toEqual([store.run]);
  expect(hello.acked).toBeNull();
  expect(peer.gaps).toEqual([{ type: 'gap', run: store.run, from: 1, to: 1 }]);
  expect(numbers(peer.rows)).toEqual([2, 3]);
});

test('a socket that is half open is noticed and replaced', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  const clock = handClock();
  const { link, line } = runningLink(store, peer, { clock, times: linkTimes });
  const first = await peer.greeted();
  await peer.until(() => (link.isUp() ? true : undefined));
  for (let pings = 1; pings <= 2; pings++) {
    clock.advance(linkTimes.pingMs);
    await peer.until(() => (first.pings === pings ? true : undefined));
  }

  first.freeze();
  clock.advance(silenceMs);
  await line('link.down');
  clock.advance(linkTimes.redialMinMs);
  await peer.greeted();
  store.outbox.append(notes(1));
  await peer.stored(1);

  expect((await line('link.down')).reason).toBe(`nothing was heard for ${silenceMs} ms`);
});

test('an edge that answers pings but never says welcome is dialled again', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  const clock = handClock();
  let silences = 0;
  /** Each answer begins the wait for the next one anew. */
  const after: Clock['after'] = (ms, then, options) => {
    if (ms === silenceMs) silences++;
    return clock.after(ms, then, options);
  };
  const { line } = runningLink(store, peer, { clock: { ...clock, after }, times: linkTimes });

  await (await peer.dialled()).next('hello');
  const begun = silences;
  clock.advance(linkTimes.pingMs);
  await vi.waitFor(() => expect(silences).toBe(begun + 1));
  clock.advance(silenceMs - linkTimes.pingMs);
  await line('link.down');
  clock.advance(linkTimes.redialMinMs);
  await peer.dialled();

  expect((await line('link.down')).reason).toBe(`no welcome within ${silenceMs} ms`);
});

test('a frame that is none closes the socket with the reason and the next session goes on', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  runningLink(store, peer);
  const first = await peer.greeted();

  first.raw('{"type":"ack","run":7}');

  expect(await first.ended()).toMatchObject({ code: closeCode.badFrame, reason: expect.stringContaining('run') });
  await peer.greeted();
  store.outbox.append(notes(1));
  await peer.stored(1);
});

test('a refused credential says how to enrol and goes on asking slowly', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  peer.refuseWith = 401;
  const { line } = runningLink(store, peer);

  expect(await line('link.refused')).toMatchObject({ level: 'error', status: 401, wait_ms: 2_000 });
  expect((await line('link.refused')).text).toContain(`openagent enroll ${peer.url}`);
});

test.each([
  { code: closeCode.unauthorised, event: 'link.refused', text: 'Enrol it again', wait_ms: 2_000 },
  { code: closeCode.staleEpoch, event: 'link.refused', text: 'issued again', wait_ms: 2_000 },
  { code: closeCode.version, event: 'link.refused', text: 'Update', wait_ms: 2_000 },
  { code: closeCode.replaced, event: 'link.replaced', text: 'copy of another', wait_ms: 60_000 },
])('close code $code waits $wait_ms ms and says what to do', async ({ code, event, text, wait_ms }) => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  const { line } = runningLink(store, peer);

  (await peer.greeted()).close(code, 'for the test');

  expect(await line(event)).toMatchObject({ code, wait_ms, text: expect.stringContaining(text) });
});

test('stopping closes the socket politely and ends the run', async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  const { stop, link } = runningLink(store, peer);
  const dial = await peer.greeted();
  await peer.until(() => (link.isUp() ? true : undefined));

  await stop();

  expect(await dial.ended()).toMatchObject({ code: 1000 });
  expect(link.isUp()).toBe(false);
});
