// What deleting a small mission costs in a log of years of work, beside the same in a log that is nearly empty.
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { atMost, type Report } from '../figures.ts';
import { fillStore } from '../filled-store.ts';
import { dialHost } from '../scripted-host.ts';
import { spreadOf } from '../spread.ts';
import { startSystem } from '../system.ts';

/** The aim, for the request of a client as a whole. */
const aimMs = 5;
const eventsPerMission = 10;
/** As many as are on one page of the list, without those that run. */
const deletions = 50;
const listed = z.array(z.object({ id: z.string() }));

/** Latencies of deletions, one after the other, in a store of so many missions. */
const deletionsIn = async (missions: number): Promise<number[]> => {
  const system = await startSystem();
  try {
    const token = `${system.host.id}.${system.host.credential}`;
    const host = await dialHost(system.url, '/api/host/link', { run: randomUUID(), token });
    await host.close();
    await system.edge.stop();
    fillStore(system.edgeState, system.host.id, { missions, eventsPerMission, running: 0 });
    await system.edge.start();
    const call = (method: string, path: string) => system.person.open(method, `/api/control/missions${path}`);
    const all = listed.parse(await (await call('GET', `?limit=${deletions + 10}`)).json());
    const latencies: number[] = [];
    for (const [index, { id }] of all.entries()) {
      const begun = performance.now();
      const answer = await call('DELETE', `/${id}`);
      await answer.text();
      if (answer.status !== 200) throw new Error(`DELETE answered ${answer.status}`);
      // The first ones are of a process that has not done it before.
      if (index >= 10) latencies.push(performance.now() - begun);
    }
    return latencies;
  } finally {
    await system.close();
  }
};

export const deletion = async (report: Report, quick: boolean): Promise<void> => {
  const missions = quick ? 10_000 : 100_000;
  const few = spreadOf(await deletionsIn(200));
  const many = spreadOf(await deletionsIn(missions));
  const note = `log of ${missions * (eventsPerMission + 1)} rows; the client's request as a whole`;
  const name = (which: string) => `deleting a mission of ${eventsPerMission} rows ${which}`;
  report({
    name: name('p50'),
    value: many.p50,
    unit: 'ms',
    baseline: { name: 'ms in a log of 2,200 rows p50', value: few.p50 },
    aim: atMost(many.p50, aimMs, 'ms'),
    note,
  });
  report({
    name: name('p99'),
    value: many.p99,
    unit: 'ms',
    baseline: { name: 'ms in a log of 2,200 rows p99', value: few.p99 },
    aim: null,
  });
};
