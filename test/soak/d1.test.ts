// The directory's database is away while missions stream, for seconds here and for ten minutes in `npm run soak`: no
// socket ends, nothing is lost or shown twice, and lists are right soon after it is back.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import * as z from 'zod';
import { expectSeen, expectWhole } from '../faults/case.ts';
import { lab, me, useOneLaboratory, viewer } from '../faults/one-laboratory.ts';
import { patience, scaledMs } from '../support/patience.ts';
import type { Person } from '../support/person.ts';
import type { StreamReader } from '../support/sse-reader.ts';
import { limitOf, size, tell } from './size.ts';

useOneLaboratory({ edgeTakesOrders: true });

/** Conversations at once. */
const conversations = 4;
/** A message streams so long: many in an outage, and not so many that their conversation outgrows its model. */
const streamMs = Math.max(1_000, (size.awaySeconds * 1_000) / 60);
const everyMs = 50;
/** The issue's: what a person sees of an outage that is over is right within this. */
const rightAgainMs = 5_000;

const message = (marker: string, n: number): string =>
  `REASON ${marker} thinks ${n}.\nTOOL bash {"command":"echo ${n}"}\nTOKENS ${streamMs / everyMs} DELAY ${everyMs}\nSAY End ${n}.`;

const listed = z.array(z.looseObject({ id: z.string(), status: z.string(), updated_at: z.string() }));

/** Talks until it is told to stop; resolves with how much was said. */
const talk = async (mission: string, marker: string, over: AbortSignal): Promise<number> => {
  for (let n = 1; ; n++) {
    await me.say(message(marker, n), mission);
    await viewer.ended(mission, n);
    if (over.aborted) return n;
  }
};

/** Streams that never dial again, each with whether it has ended. */
const held = async (person: Person, queries: readonly string[]) =>
  Promise.all(
    queries.map(async (query) => {
      const stream = await person.stream(query);
      const held: { query: string; stream: StreamReader; ended: boolean } = { query, stream, ended: false };
      void stream.ended.then(() => {
        held.ended = true;
      });
      return held;
    }),
  );

/** Numbers of the rows that a delta stream was shown. */
const seqsOf = ({ events }: StreamReader): number[] =>
  events.flatMap(({ data }) => (typeof data.seq === 'number' ? [data.seq] : []));

/** What the objects themselves say of each mission. */
const owned = async (missions: readonly string[]) =>
  listed.parse(
    await Promise.all(missions.map(async (id) => (await me.call('GET', `/api/control/missions/${id}`)).json)),
  );

/** The list says of each what its object said, or what came later; the deleted one is gone. */
const expectListed = async (said: z.infer<typeof listed>, gone: string): Promise<void> => {
  const rows = listed.parse((await me.call('GET', '/api/control/missions')).json);
  expect(rows.map(({ id }) => id)).not.toContain(gone);
  for (const { id, status, updated_at } of said) {
    const row = rows.find((each) => each.id === id);
    expect(row).toMatchObject({ status });
    expect(Date.parse(row?.updated_at ?? '')).toBeGreaterThanOrEqual(Date.parse(updated_at));
  }
};

test(`D1 is away for ${size.awaySeconds} s while missions stream: no socket ends, no event is lost, none is shown twice`, {
  timeout: limitOf(size.awaySeconds * 4),
}, async () => {
  const markers = Array.from({ length: conversations }, () => `away-${randomUUID()}`);
  const over = new AbortController();
  const made = async (title: string): Promise<string> =>
    (await me.call('POST', '/api/control/missions', { title })).json.id;
  const missions = await Promise.all(markers.map(made));
  const [failed, deleted] = [await made('fails meanwhile'), await made('deleted meanwhile')];
  const streams = await held(me, ['', '?format=delta', `?format=delta&mission=${missions[0]}`]);
  const joins = viewer.counts.joins;
  let redials = 0;
  void lab.linkProxy.passed((_direction, { json }) => json?.type === 'hello').then(() => redials++);
  const talks = missions.map((mission, index) => talk(mission, markers[index] ?? '', over.signal));

  const begun = performance.now();
  const awayFor = (): number => (performance.now() - begun) / 1_000;
  for (const illness of ['fails', 'hangs'] as const) {
    await lab.orders.d1(illness);
    if (illness === 'fails') {
      await me.call('POST', `/api/control/missions/${failed}/status`, { status: 'failed' });
      await me.call('DELETE', `/api/control/missions/${deleted}`);
    }
    // Also a stream that begins without D1 goes on to the end.
    streams.push(...(await held(me, ['?format=delta'])));
    const until = (size.awaySeconds * (illness === 'fails' ? 1 : 2)) / 2;
    while (awayFor() < until) {
      await wait(Math.min(30_000, Math.max(0, (until - awayFor()) * 1_000)));
      tell(`D1 ${illness} for ${Math.round(awayFor())} s: ${viewer.rows.length} rows were shown`);
    }
  }
  const asked = lab.orders.askedInVain();
  await lab.orders.d1('well');
  const back = performance.now();
  const all = [...missions, failed];
  const said = await owned(all);
  await vi.waitFor(() => expectListed(said, deleted), patience);
  const rightMs = performance.now() - back;
  over.abort();
  const messages = (await Promise.all(talks)).reduce((sum, n) => sum + n);
  const last = await owned(all);
  await vi.waitFor(() => expectListed(last, deleted), patience);

  tell(
    `D1 was away for ${Math.round((back - begun) / 1_000)} s (asked ${asked} times in vain): ${messages} messages, ${viewer.rows.length} rows shown; lists were right ${Math.round(rightMs)} ms after`,
  );
  expect(asked).toBeGreaterThan(0);
  expect([viewer.counts, redials]).toEqual([{ joins, resets: 0 }, 0]);
  expect(streams.filter(({ ended }) => ended).map(({ query }) => query)).toEqual([]);
  for (const [index, mission] of missions.entries())
    expectSeen(viewer, mission, await expectWhole(lab, me, mission, markers[index] ?? ''));
  const rows = viewer.rows.map(({ data }) => Number(data.seq));
  for (const { query, stream } of streams.filter(({ query }) => query === '?format=delta')) {
    await vi.waitFor(() => expect(seqsOf(stream).at(-1)).toBe(rows.at(-1)), patience);
    const seqs = seqsOf(stream);
    expect(seqs, query).toEqual(rows.filter((seq) => seq >= (seqs[0] ?? 0)));
  }
  for (const { stream } of streams) stream.close();
  expect(rightMs).toBeLessThan(scaledMs(rightAgainMs));
});
