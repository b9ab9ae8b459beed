// How far a run has come stands in the newest row of the log that it brought, and in a row of its own now and then.
import { evictDurableObject } from 'cloudflare:test';
import { beforeEach, expect, test } from 'vitest';
import { freshHost, host, inObject, newMission, stub } from './fresh-host.ts';
import { batch, dialHost, hello, row } from './host-peer.ts';

let mission = '';
const turn = crypto.randomUUID();

beforeEach(async () => {
  await freshHost();
  mission = await newMission();
});

const called = (word: string) =>
  row(mission, { type: 'tool.called', turn, tool_call_id: word, name: 'bash', args: { command: word } });
const part = { type: 'part.opened', turn, part: 'prt_1', kind: 'text' };
const checkpoint = { type: 'part.checkpoint', part: 'prt_1', off: 0, text: 'a' };

/** Sends these batches of `r1`; resolves when the last is acknowledged. */
const say = async (batches: object[][]): Promise<void> => {
  const peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
  let from = 1;
  for (const rows of batches) {
    peer.send(batch('r1', from, rows));
    from += rows.length;
    await peer.next('ack');
  }
  peer.close();
};

/** What an object that has just woken up says it has of `r1`. */
const known = async (): Promise<number | undefined> => {
  await evictDurableObject(stub());
  const peer = await dialHost(host);
  peer.send(hello('r1'));
  const { runs } = await peer.next('welcome');
  peer.close();
  return runs.find(({ run }) => run === 'r1')?.n;
};

const ownRow = (): Promise<number> =>
  inObject((sql) => sql.exec<{ n: number }>("SELECT n FROM runs WHERE run = 'r1'").one().n);

test('an object that wakes up knows it, though no row was written for it', async () => {
  await say([[called('a')], [called('b'), called('c')], [called('d')]]);

  expect(await ownRow()).toBe(0);
  expect(await known()).toBe(4);
});

test('a repeated batch is known after that', async () => {
  await say([[called('a'), called('b')]]);
  await evictDurableObject(stub());

  await say([[called('a'), called('b')]]);

  const rows = await inObject((sql) => sql.exec("SELECT seq FROM log WHERE type = 'tool.called'").toArray());
  expect(rows).toHaveLength(2);
});

test('it has a row of its own where the log has none that says it, or a long one', async () => {
  await say([[row(mission, part), row(mission, checkpoint)], [row(mission, checkpoint)]]);
  expect(await known()).toBe(3);

  await say([[row(mission, part), row(mission, checkpoint)], [row(mission, checkpoint)], [called('x'.repeat(5_000))]]);

  expect(await ownRow()).toBe(4);
  expect(await known()).toBe(4);
});

test('it has a row of its own now and then, so that few rows are read for it', async () => {
  const rows = Array.from({ length: 450 }, (_, n) => called(`${n}`));

  await say([rows, rows, [called('last')]]);

  expect(await ownRow()).toBe(900);
  expect(await known()).toBe(901);
});

test('it stays when the row that says it is removed', async () => {
  await say([[called('a')], [called('b')]]);

  await inObject((sql) => sql.exec('DELETE FROM log WHERE n IS NOT NULL'));

  expect(await known()).toBe(2);
});
