// Events a second from a host to those who watch, beside the least an object could do in the same workerd.
import { randomUUID } from 'node:crypto';
import { benchBundle } from '../bundle.ts';
import { atLeastShare, type Report } from '../figures.ts';
import { openedMission, partRows } from '../host-rows.ts';
import { markText, watchMarks } from '../marked-stream.ts';
import { type Batch, dialHost, type ScriptedHost } from '../scripted-host.ts';
import { startSystem } from '../system.ts';

/** As many missions share the events. */
const missions = 20;
const eventsPerBatch = 50;
/** Two flights are on their way at once: both sides are kept busy, and no viewer's queue is filled. */
const batchesPerFlight = 10;
/**
 * What is aimed at: of the minimal object, and of the one that stores its rows for one viewer of a batch with a row.
 */
const share = 0.6;
const viewerCounts = [1, 100];

/** What a batch of a streaming server is made of: deltas, with a row among them; or rows alone, as when tools run. */
const kinds = ['deltas', 'rows'] as const;
type Kind = (typeof kinds)[number];

/** Makes the batches of one run; the last of each flight carries its mark. */
const flightsOf = (kind: Kind, parts: ReturnType<typeof partRows>[], count: number, firstMark: number): Batch[][] =>
  Array.from({ length: count }, (_, flight) =>
    Array.from({ length: batchesPerFlight }, (_, index) => {
      const word = index === batchesPerFlight - 1 ? markText(firstMark + flight) : undefined;
      const tool = (at: number): object => parts[at % parts.length]?.tool(word) ?? {};
      if (kind === 'rows') return { items: Array.from({ length: eventsPerBatch }, (_, at) => tool(at)), deltas: [] };
      const deltas = Array.from({ length: eventsPerBatch - 1 }, (_, at) => parts[at % parts.length]?.grow() ?? {});
      return { items: [tool(index)], deltas };
    }),
  );

interface End {
  parts: ReturnType<typeof partRows>[];
  /** Where its viewers watch. */
  stream: string;
  host: ScriptedHost;
}

export const fanout = async (report: Report, quick: boolean): Promise<void> => {
  const bundle = await benchBundle('with-minimal');
  const system = await startSystem({ workerDir: bundle.dir });
  const token = `${system.host.id}.${system.host.credential}`;
  const opened = Array.from({ length: missions }, openedMission);
  const dialBaseline = (name: 'minimal' | 'keeping') =>
    dialHost(system.url, `/bench/${name}/link`, { run: randomUUID(), token: null });
  // Each end has texts of its own, whose offsets go on from run to run.
  const ends = {
    ours: {
      parts: opened.map(partRows),
      stream: `${system.url}/api/control/stream?format=delta`,
      host: await dialHost(system.url, '/api/host/link', { run: randomUUID(), token }),
    },
    minimal: {
      parts: opened.map(partRows),
      stream: `${system.url}/bench/minimal/stream`,
      host: await dialBaseline('minimal'),
    },
    keeping: {
      parts: opened.map(partRows),
      stream: `${system.url}/bench/keeping/stream`,
      host: await dialBaseline('keeping'),
    },
  };
  try {
    for (const { host } of Object.values(ends)) {
      await host.sendAll([{ items: opened.flatMap(({ rows }) => rows), deltas: [] }], Number.POSITIVE_INFINITY);
    }
    for (const kind of kinds) {
      for (const viewers of viewerCounts) {
        const flights = Math.ceil((quick ? 20 : 80) / (viewers > 1 ? 4 : 1));
        const rates = { ours: 0, minimal: 0, keeping: 0 };
        // The first warms up. Each is the better of two, taken in turns: the machine is not ours alone.
        await measure(ends.minimal, kind, viewers, flights, system.headers);
        for (const name of ['ours', 'minimal', 'keeping', 'ours', 'minimal', 'keeping'] as const)
          rates[name] = Math.max(rates[name], await measure(ends[name], kind, viewers, flights, system.headers));
        const what = `${kind === 'deltas' ? '49 deltas and a row' : '50 rows'} a batch, ${viewers} viewer${viewers > 1 ? 's' : ''}`;
        report({
          name: what,
          value: rates.ours,
          unit: 'events/s',
          baseline: { name: 'events/s minimal object', value: rates.minimal },
          aim: atLeastShare(rates.ours, rates.minimal, share),
        });
        report({
          name: `${what}, beside an object that stores its rows`,
          value: rates.ours,
          unit: 'events/s',
          baseline: { name: 'events/s minimal object with INSERTs', value: rates.keeping },
          aim: kind === 'deltas' && viewers === 1 ? atLeastShare(rates.ours, rates.keeping, share) : null,
        });
      }
    }
  } finally {
    await system.close();
    bundle.remove();
  }
};

/** Marks go up over all runs: what an earlier one left on its way is not taken for this one's. */
let nextMark = 0;

/** Events a second from the first sent to the last seen by everyone. */
const measure = async (
  { stream, host, parts }: End,
  kind: Kind,
  viewers: number,
  flightCount: number,
  headers: Record<string, string>,
): Promise<number> => {
  const firstMark = nextMark;
  nextMark += flightCount;
  const flights = flightsOf(kind, parts, flightCount, firstMark);
  const watching = await Promise.all(Array.from({ length: viewers }, () => watchMarks(stream, headers)));
  const allReached = (mark: number) => Promise.all(watching.map((each) => each.reached(mark)));
  const begun = performance.now();
  for (const [index, flight] of flights.entries()) {
    if (index >= 2) await allReached(firstMark + index - 2);
    for (const batch of flight) host.send(batch);
  }
  await allReached(firstMark + flightCount - 1);
  const tookMs = performance.now() - begun;
  for (const each of watching) each.close();
  return ((flightCount * batchesPerFlight * eventsPerBatch) / tookMs) * 1000;
};
