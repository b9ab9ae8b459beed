// What existing dashboards call every few seconds, on a store with years of work in it.
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { benchBundle } from '../bundle.ts';
import { atMostTimes, type Report } from '../figures.ts';
import { fillStore } from '../filled-store.ts';
import { dialHost } from '../scripted-host.ts';
import { spreadOf } from '../spread.ts';
import { startSystem } from '../system.ts';

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
const together = 8;

export const polled = async (report: Report, quick: boolean): Promise<void> => {
  const bundle = await benchBundle('with-minimal');
  const system = await startSystem({ workerDir: bundle.dir });
  const agent = new Agent({ keepAlive: true });
  const call = (path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const begun = performance.now();
      request(`${system.url}${path}`, { agent, headers: system.headers }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`${path} answered ${response.statusCode}`));
        response.on('end', () => resolve(performance.now() - begun)).resume();
      })
        .on('error', reject)
        .end();
    });
  /** Latencies one after the other, and requests a second with several at once. */
  const measure = async (path: string) => {
    const count = quick ? 200 : 1_000;
    const latencies: number[] = [];
    for (let index = 0; index < count; index++) latencies.push(await call(path));
    let left = count;
    const begun = performance.now();
    await Promise.all(
      Array.from({ length: together }, async () => {
        while (left-- > 0) await call(path);
      }),
    );
    return { ...spreadOf(latencies), perSecond: (count / (performance.now() - begun)) * 1000 };
  };

  try {
    const token = `${system.host.id}.${system.host.credential}`;
    const host = await dialHost(system.url, '/api/host/link', { run: randomUUID(), token });
    await host.close();
    await system.edge.stop();
    const fill = { missions: quick ? 1_000 : 10_000, eventsPerMission: 100, running: 5 };
    fillStore(system.edgeState, system.host.id, fill);
    await system.edge.start();
    for (const path of [empty, trivial, ...Object.values(endpoints)])
      for (let warm = 0; warm < 100; warm++) await call(path);

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
    agent.destroy();
    await system.close();
    bundle.remove();
  }
};
