// Ids of a stream of several servers: short, whatever there is, and each resumes exactly.
import { expect, test } from 'vitest';
import type { Positions } from '../../worker/account/positions.ts';
import { Numbering } from '../../worker/stream/numbering.ts';
import { parseStreamId, positionsBy, StreamIds } from '../../worker/stream/stream-id.ts';
import { pieces, splitViewerFrame, type ViewerFrame } from '../../worker/stream/viewer-frame.ts';
import { handClock } from '../support/hand-clock.ts';
import { randomFrom } from '../support/random.ts';

const log = crypto.randomUUID();
const segment = crypto.randomUUID();
const at = (seq: number, of = segment) => `${log}.${of}.${seq}`;
const servers = (count: number) => Array.from({ length: count }, (_, n) => `${n}-${crypto.randomUUID()}`);

/** What a client that kept this id goes on from, by what the account has kept. */
const resumed = (id: string, account: ReadonlyMap<string, Positions>): Map<string, string> => {
  const parsed = parseStreamId(id);
  const kept = parsed && account.get(parsed.handle);
  const positions = parsed && kept ? positionsBy(parsed, kept) : null;
  if (!positions) throw new Error(`not resumed: ${id}`);
  return positions;
};

test('an id says where servers stand that moved on, at most eight of them, in 200 characters', () => {
  const hosts = servers(1_000);
  const kept = hosts.map((host) => ({ host, at: at(1) }));
  const ids = new StreamIds('0123456789ab', kept);
  const last = hosts.slice(-9);
  const moved = last.map((host) => ids.move(host, at(999_999_999_999_999)));

  expect(moved).toEqual([true, true, true, true, true, true, true, true, false]);
  expect(ids.id.length).toBeLessThanOrEqual(200);
  const positions = resumed(ids.id, new Map([[ids.handle, kept]]));
  expect(last.map((host) => positions.get(host)).filter((position) => position !== at(1))).toHaveLength(8);
  expect(ids.move(last[0] ?? '', at(7)) && ids.move(last[1] ?? '', at(1)) && ids.move(last[8] ?? '', at(2))).toBe(true);
});

test('another segment, or a server that was not joined, needs positions of its own', () => {
  const ids = new StreamIds('0123456789ab', [
    { host: 'a', at: at(1) },
    { host: 'b', at: 'now' },
  ]);

  expect(ids.move('a', at(2, crypto.randomUUID()))).toBe(false);
  expect(ids.move('b', at(2))).toBe(false);
  expect(ids.move('c', at(2))).toBe(false);
  expect(ids.move('c', 'start')).toBe(true);
  expect(ids.id).toBe('0123456789ab');
  expect(ids.move('a', 'now') && ids.id).toBe('0123456789ab~0n');
});

test.for(['', 'garbage', 'now', 'a=b', at(7), `a=${at(7)},b=${at(8)}`, '0123456789ab~x', '0123456789ab~1.', '%00'])(
  'not taken for one of ours: %s',
  (text) => {
    expect(parseStreamId(text)).toBeNull();
  },
);

test.for(['0123456789ab~7.1', '0123456789ab~1.5'])('of what was kept it does not fit: %s', (text) => {
  const id = parseStreamId(text);
  expect(
    id &&
      positionsBy(id, [
        { host: 'a', at: at(1) },
        { host: 'b', at: 'now' },
      ]),
  ).toBeNull();
});

const frameOf = (...cursors: string[]): ViewerFrame => ({
  header: null,
  text: cursors.map((cursor) => `id: ${cursor}\nevent: row\ndata: {"at":"${cursor}"}\n\n`).join(''),
  cursor: cursors.at(-1) ?? null,
});

test('a frame over the border of a segment is shown in pieces of one segment each', () => {
  const [one, two] = ['one', 'two'];
  const rows = frameOf(at(1, one), at(2, one), at(3, two));
  const head = { ...rows, cursor: at(9, 'three') };

  expect(pieces(rows)).toEqual([frameOf(at(1, one), at(2, one)), frameOf(at(3, two))]);
  expect(pieces(head)).toEqual([
    frameOf(at(1, one), at(2, one)),
    frameOf(at(3, two)),
    { header: null, text: '', cursor: at(9, 'three') },
  ]);
  const whole = frameOf(at(1, one), at(2, one));
  expect(pieces(whole)).toEqual([whole]);
  expect(pieces(splitViewerFrame('\nevent: delta\ndata: {}\n\n'))).toHaveLength(1);
});

/** A numbering over an account that answers when it is let, and what a client was sent. */
const numbered = (hosts: readonly string[], position: string) => {
  const account = new Map<string, Positions>();
  const shown: { id: string; positions: Map<string, string> }[] = [];
  const asked: (() => void)[] = [];
  const waits = { bytes: 0 };
  const over = new AbortController();
  const numbering = new Numbering(handClock(), over.signal, {
    keep: (positions) =>
      new Promise((resolve) => {
        asked.push(() => {
          const handle = `handle-${account.size + 1}`;
          account.set(handle, positions);
          resolve(handle);
        });
      }),
    onShown: (_host, { text }) => {
      // Each is resumed by what is kept by now: nothing may be sent before.
      for (const [, id = ''] of text.matchAll(/^id: (.*)$/gm)) shown.push({ id, positions: resumed(id, account) });
    },
    onWaiting: (bytes) => {
      waits.bytes += bytes;
    },
  });
  numbering.begin(new Map(hosts.map((host) => [host, position])), null);
  const answer = async (): Promise<void> => {
    for (let turns = 0; turns < 10; turns += 1) await null;
    for (const each of asked.splice(0)) each();
    for (let turns = 0; turns < 10; turns += 1) await null;
  };
  return { numbering, account, shown, waits, answer };
};

test('every id says exactly what was shown up to it, whatever servers, segments and delays there are', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = randomFrom(seed);
    const hosts = servers(2 + random(12));
    const { numbering, account, shown, waits, answer } = numbered(hosts, random(2) === 0 ? 'now' : 'start');
    const said = new Map(hosts.map((host) => [host, { seq: 0, segment: crypto.randomUUID() }]));
    const expected: Map<string, string>[] = [];
    const stands = new Map(numbering.positions);
    numbering.resume();
    for (let step = 0; step < 200; step += 1) {
      const host = hosts[random(hosts.length)] ?? '';
      const server = said.get(host) ?? { seq: 0, segment };
      const rows: string[] = [];
      for (let n = 0; n <= random(3); n += 1) {
        if (random(10) === 0) server.segment = crypto.randomUUID();
        server.seq += 1;
        rows.push(at(server.seq, server.segment));
        stands.set(host, rows.at(-1) ?? '');
        expected.push(new Map(stands));
      }
      numbering.take(host, frameOf(...rows));
      expect(numbering.goesOnFrom(host)).toBe(rows.at(-1));
      if (random(3) === 0) await answer();
    }
    for (let n = 0; numbering.isWaiting && n < 1_000; n += 1) await answer();

    expect(shown.map(({ positions }) => positions)).toEqual(expected);
    expect(shown.every(({ id }) => id.length <= 200)).toBe(true);
    expect(waits.bytes).toBe(0);
    expect(account.size).toBeLessThan(expected.length / 2);
  }
});

test('servers that are joined at the same time are kept at once', async () => {
  const hosts = servers(8);
  const { numbering, account, shown, answer } = numbered(hosts, 'now');
  for (const host of hosts) numbering.take(host, frameOf(at(5)));
  numbering.resume();
  await answer();

  expect(shown).toHaveLength(8);
  expect(account.size).toBe(1);
  expect([...(shown[0]?.positions.values() ?? [])]).toEqual([at(5), ...Array<string>(7).fill('now')]);
});

test('with one server ids pass as they are, and nothing is kept', async () => {
  const { numbering, account, answer } = numbered([], 'now');
  const shown: string[] = [];
  const one = new Numbering(handClock(), new AbortController().signal, {
    keep: () => Promise.reject(new Error('nothing to keep')),
    onShown: (_host, { text }) => shown.push(text),
    onWaiting: () => undefined,
  });
  one.begin(new Map([['a', 'now']]), null);
  one.resume();
  one.take('a', frameOf(at(1)));
  await answer();

  expect(shown).toEqual([frameOf(at(1)).text]);
  expect(numbering.isWaiting || account.size > 0).toBe(false);
});
