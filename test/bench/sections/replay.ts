// Coming back: to a long mission, and after an outage of the server.
import { randomUUID } from 'node:crypto';
import { readStream } from '../../support/sse-reader.ts';
import { benchBundle } from '../bundle.ts';
import { atMost, type Report } from '../figures.ts';
import { openedMission, partRows } from '../host-rows.ts';
import { markText, watchMarks } from '../marked-stream.ts';
import { type Batch, dialHost } from '../scripted-host.ts';
import { spreadOf } from '../spread.ts';
import { type System, startSystem } from '../system.ts';

const rowsPerBatch = 200;
/** The host's own window (shared/limits.ts). */
const windowRows = 1_000;
/** The aim, in milliseconds. */
const aimMs = 1_000;
const repeats = 5;

/** A ten-minute outage: what 50 streaming missions have stored meanwhile. */
const outage = { missions: 50, checkpoints: 20, checkpointChars: 9_000, toolCalls: 120 };

export const replay = async (report: Report, quick: boolean): Promise<void> => {
  const bundle = await benchBundle('with-minimal');
  const system = await startSystem({ workerDir: bundle.dir });
  try {
    await longMission(system, quick ? 4_000 : 20_000, report);
    await afterOutage(system, report);
  } finally {
    await system.close();
    bundle.remove();
  }
};

const dialOurs = (system: System) =>
  dialHost(system.url, '/api/host/link', {
    run: randomUUID(),
    token: `${system.host.id}.${system.host.credential}`,
  });

/** Milliseconds for this many bytes from a route that has them ready: what the way itself takes. */
const bytesMs = async (system: System, count: number): Promise<number> => {
  const begun = performance.now();
  await (await fetch(`${system.url}/bench/bytes?count=${count}`)).arrayBuffer();
  return performance.now() - begun;
};

const longMission = async (system: System, events: number, report: Report): Promise<void> => {
  const opened = openedMission();
  const host = await dialOurs(system);
  const stream = `${system.url}/api/control/stream?format=delta`;
  const before = await readStream(stream, system.headers);
  const { id: cursor } = await before.until(({ name }) => name === 'snapshot');
  before.close();
  const rows = partRows(opened);
  await host.sendAll([{ items: opened.rows, deltas: [] }], windowRows);
  const batches = Array.from({ length: events / rowsPerBatch }, (_, batch): Batch => {
    const isLast = (batch + 1) * rowsPerBatch === events;
    const word = isLast ? markText(events) : undefined;
    return { items: Array.from({ length: rowsPerBatch }, () => rows.tool(word)), deltas: [] };
  });
  const sentAt = performance.now();
  await host.sendAll(batches, windowRows);
  const storedPerSecond = (events / (performance.now() - sentAt)) * 1000;
  await host.close();

  const took: number[] = [];
  let bytes = 0;
  for (let round = 0; round < repeats; round++) {
    const begun = performance.now();
    const viewer = await watchMarks(`${stream}&after=${encodeURIComponent(cursor ?? '')}`, system.headers);
    await viewer.reached(events);
    took.push(performance.now() - begun);
    bytes = viewer.bytes();
    viewer.close();
  }
  const { p50 } = spreadOf(took);
  report({
    name: `replay of ${events} events to a viewer, to the last`,
    value: p50,
    unit: 'ms',
    baseline: { name: 'ms for the same bytes, ready-made', value: await bytesMs(system, bytes) },
    aim: atMost(p50, aimMs, 'ms'),
    note: `${(bytes / 1e6).toFixed(1)} MB; stored before at ${Math.round(storedPerSecond)} rows/s`,
  });
  for (const [name, query] of Object.entries({ 'a page of 500 events': '?limit=500', [`all ${events} events`]: '' })) {
    const times: number[] = [];
    let size = 0;
    for (let round = 0; round < repeats; round++) {
      const begun = performance.now();
      // Its text is not checked: for thousands of events that takes longer than they do.
      const response = await system.person.open('GET', `/api/control/missions/${opened.mission}/events${query}`);
      const bytes = await response.arrayBuffer();
      if (response.status !== 200) throw new Error(`/events answered ${response.status}`);
      times.push(performance.now() - begun);
      size = bytes.byteLength;
    }
    report({
      name: `GET /events: ${name}`,
      value: spreadOf(times).p50,
      unit: 'ms',
      baseline: { name: 'ms for the same bytes, ready-made', value: await bytesMs(system, size) },
      aim: atMost(spreadOf(times).p50, aimMs, 'ms'),
    });
  }
};

const afterOutage = async (system: System, report: Report): Promise<void> => {
  const ends = {
    ours: { stream: `${system.url}/api/control/stream?format=delta`, dial: () => dialOurs(system) },
    minimal: {
      stream: `${system.url}/bench/minimal/stream`,
      dial: () => dialHost(system.url, '/bench/minimal/link', { run: randomUUID(), token: null }),
    },
  };
  const missions = Array.from({ length: outage.missions }, openedMission);
  const items = missions.flatMap((opened) => {
    const rows = partRows(opened);
    return [
      ...Array.from({ length: outage.toolCalls }, () => rows.tool()),
      ...Array.from({ length: outage.checkpoints }, () => rows.checkpoint('word '.repeat(outage.checkpointChars / 5))),
    ];
  });
  const last = partRows(missions[0] ?? openedMission()).tool(markText(1));
  const took: Record<string, number> = {};
  for (const [name, { stream, dial }] of Object.entries(ends)) {
    const first = await dial();
    await first.sendAll([{ items: missions.flatMap(({ rows }) => rows), deltas: [] }], windowRows);
    const viewer = await watchMarks(stream, system.headers);
    const begun = performance.now();
    const batches: Batch[] = [];
    for (let at = 0; at < items.length; at += rowsPerBatch)
      batches.push({ items: items.slice(at, at + rowsPerBatch), deltas: [] });
    await first.sendAll([...batches, { items: [last], deltas: [] }], windowRows);
    took[name] = performance.now() - begun;
    viewer.close();
    await first.close();
  }
  report({
    name: `catching up after ten minutes away, ${outage.missions} missions, ${items.length} rows, to the last ack`,
    value: took.ours ?? 0,
    unit: 'ms',
    baseline: { name: 'ms minimal object', value: took.minimal ?? 0 },
    aim: null,
  });
};
