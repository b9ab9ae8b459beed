import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { closeCode } from '../../shared/limits.ts';
import { EdgePeer } from '../support/edge-peer.ts';
import { newHostId, note, temporaryDirectory, temporaryStore } from '../support/host-store.ts';
import { scaledMs } from '../support/patience.ts';
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
  // A session that holds for twice the longest wait starts over: none here may, however slow the machine is.
  const times = { replacedMinMs: scaledMs(100), replacedMaxMs: scaledMs(400) };
  const links = [path, `${path}.clone`].map((each) => runningLink(temporaryStore(each, id), peer, { times }));
  let current = await peer.dialled();

  for (let round = 0; round < 10; round++) {
    await current.next('hello');
    current.welcome();
    const next = await peer.dialled();
    current.close(closeCode.replaced, 'replaced by a newer session of this server');
    await current.ended();
    current = next;
  }

  const waits = links.map(({ logged }) =>
    logged.filter(({ event }) => event === 'link.replaced').map(({ wait_ms }) => wait_ms),
  );
  for (const each of waits) expect(each.slice(0, 4)).toEqual([100, 200, 400, 400].map(scaledMs));
  const runs = new Set(peer.dials.map((dial) => dial.all('hello')[0]?.run));
  expect(runs.size).toBe(2);
  // The row from before the copy is in both outboxes, under one run and number.
  expect(peer.rows.map(({ item }) => item)).toHaveLength(1);
});
