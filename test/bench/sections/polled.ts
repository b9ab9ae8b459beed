// What existing dashboards call every few seconds, on a store with years of work in it.
import { defaultLimits } from '../../../shared/quotas.ts';
import { benchBundle } from '../bundle.ts';
import { atMostTimes, type Report } from '../figures.ts';
import { fillStore } from '../filled-store.ts';
import { startRunningMissions } from '../running-missions.ts';
import { type System, startSystem } from '../system.ts';
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
/** Missions at work, the last of which is the user's current one. */
const running = 5;

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
    await (await startRunningMissions(system, 0)).close();
    await system.edge.stop();
    const fill = { missions: (quick ? 1_000 : defaultLimits.missions) - running, eventsPerMission: 100 };
    fillStore(system.edgeState, system.host.id, fill);
    await system.edge.start();
    const link = await startRunningMissions(system, running);
    await requireBusy(system, fill.missions + running);
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
        note: `${fill.missions + running} missions, of which ${running} run, ${fill.missions * fill.eventsPerMission} events`,
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
    await link.close();
  } finally {
    calls.close();
    await system.close();
    bundle.remove();
  }
};

/** Throws where the answers are not those of somebody with all these missions: what they cost would say nothing. */
const requireBusy = async ({ person }: System, missions: number): Promise<void> => {
  const [listed, works, all, current] = await Promise.all(
    (['missions', 'running', 'stats', 'current'] as const).map(
      async (name) => (await person.call('GET', endpoints[name])).json,
    ),
  );
  const seen = {
    listed: listed.length,
    running: works.length,
    active: all.active_tasks,
    missions: all.total_tasks,
    current: current?.status,
  };
  const expected = { listed: 50, running, active: running, missions, current: 'active' };
  if (JSON.stringify(seen) !== JSON.stringify(expected))
    throw new Error(`the store is not as it was filled: ${JSON.stringify(seen)}`);
};
