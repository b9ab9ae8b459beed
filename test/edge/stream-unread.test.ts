// What clients that don't read leave in the memory of an isolate, which all streams share.
import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import {
  isolateMaxUnreadBytes,
  isolateUnreadBytes,
  slowAfterMs,
  streamPieceBytes,
  viewerQueueBytes,
} from '../../shared/limits.ts';
import { Outlet } from '../../worker/stream/outlet.ts';
import { UnreadBudget, unreadHere } from '../../worker/stream/unread.ts';
import { handClock } from '../support/hand-clock.ts';
import { asUser, enrol, freshDirectory } from './edge.ts';
import { batch, dialHost, hello } from './host-peer.ts';
import { readStream } from './stream-reader.ts';
import { turnRows } from './turn-rows.ts';
import { create, is, send, watch } from './viewer.ts';

beforeEach(freshDirectory);

const ada = asUser('ada');

/** A stream of 100-byte texts under a budget, and whether it was let go. */
const outletOf = (budget: UnreadBudget, clock = handClock()) => {
  const outlet = new Outlet(
    budget,
    clock,
    () => undefined,
    () => undefined,
  );
  return { outlet, write: (texts: number) => outlet.write('x'.repeat(100).repeat(texts)) };
};

test('127 streams that nobody reads keep no more than the isolate has for them, and who reads is not touched', async () => {
  const host = await enrol();
  const peer = await dialHost(host.id);
  peer.send(hello('r1'));
  await peer.next('welcome');
  const mission = await create(ada);
  const command = await send(ada, { content: 'go' });
  const turn = randomUUID();
  const rows = turnRows(mission, command, turn);
  const unread = await Promise.all(Array.from({ length: 127 }, () => ada('/api/control/stream?format=delta')));
  const reader = await watch(ada, '?format=delta');
  peer.send(batch('r1', 1, [rows.started, rows.part]));
  const size = 90_000;
  // Below what a single stream may keep, above what all of them together may.
  const count = 11;
  expect(size * count).toBeLessThan(viewerQueueBytes);
  expect(size * count * 127).toBeGreaterThan(1.2 * isolateMaxUnreadBytes);

  let most = 0;
  for (let n = 0; n < count; n += 1) {
    const off = n * size;
    peer.send(batch('r1', 3, [], [{ mission, part: `prt_${turn}`, off, text: 'x'.repeat(size) }]));
    await reader.until(({ name, data }) => name === 'delta' && data.off === off);
    most = Math.max(most, unreadHere.bytes);
  }
  peer.send(batch('r1', 3, [rows.closed(0, 'short', 5), rows.ended('completed')]));
  await reader.until(is('turn.ended'));

  expect(most).toBeLessThanOrEqual(isolateMaxUnreadBytes);
  expect(reader.named('delta')).toHaveLength(count);
  const streams = unread.map((response) => readStream(response));
  const wasKept = (stream: (typeof streams)[number]) =>
    stream.until(is('turn.ended')).then(
      () => true,
      () => false,
    );
  const kept = (await Promise.all(streams.map(wasKept))).filter((each) => each).length;
  // Only as many were let go as had to be.
  expect(kept).toBeGreaterThan(0.8 * (isolateUnreadBytes / (size * count)));
  expect(unreadHere.bytes).toBe(0);
  await Promise.all(streams.map((stream) => stream.leave()));
  peer.close();
});

const budgetOf = (slowBytes: number, mostBytes: number) => {
  const clock = handClock();
  return { clock, budget: new UnreadBudget({ slowBytes, mostBytes }) };
};

test('the slowest goes first, and alone: not one that was sent much at once, not one that keeps little', async () => {
  const { clock, budget } = budgetOf(1_000, 2_000);
  const [little, slow, busy] = [outletOf(budget, clock), outletOf(budget, clock), outletOf(budget, clock)];
  little.write(1);
  slow.write(4);
  clock.advance(slowAfterMs);
  busy.write(4);
  const reading = readAll(busy.outlet);
  await reading.took(400);

  busy.write(6);

  await reading.took(1_000);
  expect(budget.bytes).toBe(100);
  expect([little, slow, busy].map(({ write }) => write(1))).toEqual([true, false, true]);
});

test('those that read stay where together they were sent more than slow ones may keep, up to what memory allows', () => {
  const { clock, budget } = budgetOf(1_000, 2_000);
  const [first, second, third] = [outletOf(budget, clock), outletOf(budget, clock), outletOf(budget, clock)];

  expect([first.write(7), second.write(7)]).toEqual([true, true]);
  clock.advance(slowAfterMs - 1);
  expect(third.write(6)).toBe(true);
  expect(budget.bytes).toBe(2_000);

  expect(third.write(1)).toBe(true);
  expect(budget.bytes).toBe(1_400);
  expect([first, second, third].map(({ write }) => write(1))).toEqual([false, true, true]);
});

test('what waited for its ids is taken off once where its stream was let go', () => {
  const { clock, budget } = budgetOf(1_000, 1_000);
  const [holding, other] = [outletOf(budget, clock), outletOf(budget, clock)];
  holding.outlet.hold(800);
  other.write(3);

  expect(holding.outlet.hold(-800)).toBe(false);
  expect(budget.bytes).toBe(300);
});

const readAll = (outlet: Outlet) => {
  const reader = outlet.body.getReader();
  let bytes = 0;
  return {
    took: async (wanted: number): Promise<void> => {
      while (bytes < wanted) {
        const { done, value } = await reader.read();
        if (done) throw new Error('ended');
        bytes += value.byteLength;
      }
    },
  };
};

test('a large text leaves in small pieces, so that the runtime never holds more than one of a client that stopped', async () => {
  const { outlet } = outletOf(unreadHere);
  const text = Array.from({ length: 40_000 }, (_, n) => `${n}é`).join(' ');
  outlet.write(text);
  outlet.write('end');
  outlet.end();
  const pieces: Uint8Array[] = [];
  for await (const piece of outlet.body) pieces.push(piece);

  expect(Math.max(...pieces.map(({ byteLength }) => byteLength))).toBeLessThanOrEqual(streamPieceBytes);
  expect(await new Response(new Blob(pieces)).text()).toBe(`${text}end`);
});
