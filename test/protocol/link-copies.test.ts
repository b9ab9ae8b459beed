import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { linkTimes } from '../../host-agent/link/times.ts';
import { closeCode, replacedMaxMs } from '../../shared/limits.ts';
import { type Dial, EdgePeer } from '../support/edge-peer.ts';
import { handClock } from '../support/hand-clock.ts';
import { newHostId, note, temporaryDirectory, temporaryStore } from '../support/host-store.ts';
import { runningLink } from '../support/running-link.ts';

test('a store that was put back from a copy dials with a new run and says which run the copy had last', async () => {
  const peer = await EdgePeer.start();
  const [path, id] = [join(temporaryDirectory(), 'host-agent.sqlite'), newHostId()];
  const session = async (text: string) => {
    const store = temporaryStore(path, id);
    const link = runningLink(store, peer);
    const dial = await peer.greeted();
    const [hello] = dial.all('hello');
    const before = peer.rows.length;
    store.outbox.append([note(text)]);
    await peer.stored(before + 1);
    await peer.until(() => (store.outbox.lastAcked()?.run === store.run ? true : undefined));
    await link.stop();
    store.close();
    return { hello, run: store.run };
  };
  const first = await session('one');
  copyFileSync(path, `${path}.copy`);
  const segment = peer.segment;
  peer.segment = 'a later segment';
  const second = await session('two');
  copyFileSync(`${path}.copy`, path);

  const third = await session('three');

  expect(second.hello).toMatchObject({ run: second.run, welcomed_run: first.run, acked: { run: first.run, n: 1 } });
  expect(third.hello).toMatchObject({
    run: third.run,
    welcomed_run: first.run,
    acked: { run: first.run, n: 1 },
    segment,
  });
  expect(new Set([first.run, second.run, third.run]).size).toBe(3);
  expect(peer.rows.map(({ run, n }) => [run, n])).toEqual([first, second, third].map(({ run }) => [run, 1]));
});

test('two copies of a host-agent do not fight: whoever was replaced waits, each time twice as long', async () => {
  const peer = await EdgePeer.start();
  const [path, id] = [join(temporaryDirectory(), 'host-agent.sqlite'), newHostId()];
  const original = temporaryStore(path, id);
  original.outbox.append([note('before the copy')]);
  original.close();
  copyFileSync(path, `${path}.clone`);
  const clock = handClock();
  // Pings would have to be answered while time goes on in minutes.
  const times = { ...linkTimes, pingMs: 10 * replacedMaxMs, silenceMs: 20 * replacedMaxMs };
  const links = [path, `${path}.clone`].map((each) => runningLink(temporaryStore(each, id), peer, { clock, times }));
  const replaced = () => links.flatMap(({ logged }) => logged.filter(({ event }) => event === 'link.replaced'));
  const welcomes = () => links.flatMap(({ told }) => told.filter(([what]) => what === 'welcome'));
  const welcomed = async (dial: Dial): Promise<Dial> => {
    const before = welcomes().length;
    await dial.next('hello');
    dial.welcome();
    await peer.until(() => (welcomes().length > before ? true : undefined));
    return dial;
  };
  let [current, next] = [await peer.dialled(), await peer.dialled()];
  current = await welcomed(current);

  for (let round = 0; round < 10; round++) {
    current.close(closeCode.replaced, 'replaced by a newer session of this server');
    await peer.until(() => (replaced().length > round ? true : undefined));
    current = await welcomed(next);
    // It holds for as long as the other waits, whose wait is the longest so far.
    clock.advance(Math.max(...replaced().map(({ wait_ms }) => Number(wait_ms))));
    next = await peer.dialled();
  }

  for (const { logged } of links) {
    const waits = logged.filter(({ event }) => event === 'link.replaced').map(({ wait_ms }) => wait_ms);
    expect(waits).toEqual([1, 2, 4, 8, 15].map((minutes) => minutes * 60_000));
  }
  await next.next('hello');
  await peer.stored(1);
  const runs = new Set(peer.dials.map((dial) => dial.all('hello')[0]?.run));
  expect(runs.size).toBe(2);
  // The row from before the copy is in both outboxes, under one run and number.
  expect(peer.rows.map(({ item }) => item)).toHaveLength(1);
});
