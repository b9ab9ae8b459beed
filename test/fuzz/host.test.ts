// The host under fire: the real link and store, and an edge that sends anything.
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { Store } from '../../host-agent/store/store.ts';
import type { Command } from '../../shared/commands.ts';
import { EdgePeer } from '../support/edge-peer.ts';
import { note, temporaryStore } from '../support/host-store.ts';
import { randomFrom } from '../support/random.ts';
import { runningLink } from '../support/running-link.ts';
import { attack, endsAt, sessionUp } from './attack-host.ts';
import { framesPerSide, seed, timeoutMs } from './budget.ts';

const unhandled: unknown[] = [];

beforeEach(() => {
  const remember = (cause: unknown) => void unhandled.push(cause);
  for (const event of ['unhandledRejection', 'uncaughtException']) {
    process.on(event, remember);
    onTestFinished(() => void process.off(event, remember));
  }
});

/** Ends commands as soon as they come, as a host without an OpenCode would. */
const finishAll =
  (store: Store, taken: string[]) =>
  (commands: Command[]): void => {
    taken.push(...commands.map(({ id }) => id));
    const end = { type: 'command.finished' as const, outcome: 'finished' as const, text: '' };
    store.outbox.append(
      commands.map(({ id, mission }) => ({ at: 1, mission, event: { ...end, command: id } })),
      () => {
        for (const { id } of commands) store.inbox.end(id);
      },
    );
  };

/** Every n of the current run, as stored. */
const storedNumbers = ({ outbox, run }: Store): number[] => {
  const numbers: number[] = [];
  for (;;) {
    const page = outbox.page(run, numbers.at(-1) ?? 0, 1_000, Number.MAX_SAFE_INTEGER);
    if (page.length === 0) return numbers;
    numbers.push(...page.map(({ n }) => n));
  }
};

test(`${framesPerSide} hostile frames break neither host-agent nor store (seed ${seed})`, {
  timeout: timeoutMs,
}, async () => {
  const [peer, store] = [await EdgePeer.start(), temporaryStore()];
  const taken: string[] = [];
  const { logged } = runningLink(store, peer, {
    onCommands: finishAll(store, taken),
    times: { refusedMinMs: 2, refusedMaxMs: 2 },
  });
  const ends = endsAt(peer);

  const given = await attack(peer, ends, { random: randomFrom(seed), count: framesPerSide });
  console.log(
    `frames to the host: ${given.tally}; commands failed: ${given.bad.length}, started: ${new Set(taken).size}, in refused frames: ${given.never.length}`,
  );

  // It dials again, and what it says then arrives exactly once and in order.
  const before = peer.rows.length;
  store.outbox.append(Array.from({ length: 50 }, (_, index) => note(`row ${index}`)));
  await sessionUp(peer);
  await peer.stored(before + 50);
  const everyN = Array.from({ length: store.outbox.head().n }, (_, index) => index + 1);
  expect(peer.rows.map(({ n }) => n)).toEqual(everyN);
  expect(storedNumbers(store)).toEqual(everyN);

  expect(unhandled).toEqual([]);
  // A frame that the host-agent itself failed at would come again with every session.
  expect(logged.filter(({ event }) => event === 'link.failed' || event === 'link.call_failed')).toEqual([]);
  const known = new Set(taken);
  expect(known.size).toBe(taken.length);
  expect(given.good.filter((id) => !known.has(id))).toEqual([]);
  expect(given.bad.filter((id) => String(ends().get(id)) !== 'failed')).toEqual([]);
  expect(given.never.filter((id) => known.has(id) || ends().has(id))).toEqual([]);
  expect(store.inbox.open()).toEqual([]);
});
