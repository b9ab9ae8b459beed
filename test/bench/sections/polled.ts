// What existing dashboards call every few seconds, on a store with years of work in it.
import { randomUUID } from 'node:crypto';
import { benchBundle } from '../bundle.ts';
import { atMostTimes, type Report } from '../figures.ts';
import { fillStore } from '../filled-store.ts';
import { dialHost } from '../scripted-host.ts';
import { startSystem } from '../system.ts';
import { timedCalls } from '../timed-calls.ts';

const endpoints = {
  health: '/api/health',
  stats: '/api/stats',
  missions: '/api/control/missions',
  running: '/api/control/running',
  current: '/api/control/missions/current',
};
/** A route that reads one row of D1 and no more, which is the least any answer about missions takes. */
const trivial = '/bench/one-read';
/** A route that does nothing: what workerd and this client take themselves. */
const empty = '/bench/trivial';
/** The aim: as many times the trivial route's p50. */
const times = 3;
const warmUp = 100;

export const polled = async (report: Report, quick: boolean): Promise<void> => {
  const bundle = await benchBundle('with-minimal');
  const system = await startSystem({ workerDir: bundle.dir });
  const calls = timedCalls(system.url, system.headers);
  const count = quick ? 200 : 1_000;
  const measure = async (path: string) => ({
    ...(await calls.oneByOne(path, count)),
    perSecond: await calls.perSecond(path, count),
  });

  try {
    const token = `${system.host.id}.${system.host.credential}`;
    const host = await dialHost(system.url, '/api/host/link', { run: randomUUID(), token });
    await host.close();
    await system.edge.stop();
    const fill = { missions: quick ? 1_000 : 10_000, eventsPerMission: 100, running: 5 };
    fillStore(system.edgeState, system.host.id, fill);
    await system.edge.start();
    for (const path of [empty, trivial, ...Object.values(endpoints)]) await calls.oneByOne(path, warmUp);

    const [nothing, read] = [await measure(empty), await measure(trivial)];
    report({
      name: 'the trivial route itself (one D1 read) p50',
      value: read.p50,
      unit: 'ms',
      baseline: { name: 'ms route that does nothing p50', value: nothing.p50 },
      aim: null,
    });
    for (const [name, path] of Object.entries(endpoints)) {
      const before = await measure(trivial);
      const measured = await measure(path);
      const after = await measure(trivial);
      const p50 = (before.p50 + after.p50) / 2;
      report({
        name: `${name} p50`,
        value: measured.p50,
        unit: 'ms',
        baseline: { name: 'ms trivial route p50', value: p50 },
        aim: atMostTimes(measured.p50, p50, times),
        note: `${fill.missions} missions, ${fill.missions * fill.eventsPerMission} events`,
      });
      report({
        name: `${name} p99`,
        value: measured.p99,
        unit: 'ms',
        baseline: { name: 'ms trivial route p99', value: (before.p99 + after.p99) / 2 },
        aim: null,
      });
      report({
        name: `${name} requests/s`,
        value: measured.perSecond,
        unit: '/s',
        baseline: { name: '/s trivial route', value: (before.perSecond + after.perSecond) / 2 },
        aim: null,
      });
    }
  } finally {
    calls.close();
    await system.close();
    bundle.remove();
  }
};
