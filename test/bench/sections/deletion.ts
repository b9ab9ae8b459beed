// What deleting a small mission costs in a log of years of work, beside the same in a log that is nearly empty.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { benchBundle } from '../bundle.ts';
import { atMost, type Report } from '../figures.ts';
import { fillStore } from '../filled-store.ts';
import { readHeld } from '../held.ts';
import { dialHost } from '../scripted-host.ts';
import { spreadOf } from '../spread.ts';
import { startSystem } from '../system.ts';

/** The aim, for the object, for which everybody else on that server waits. */
const aimMs = 5;
const eventsPerMission = 10;
/** As many as are on one page of the list. */
const deletions = 50;
/** The first ones are of a process that has not done it before. */
const unmeasured = 10;
/** After each, so that its purge is over: with TRASH_DAYS=0 it follows at once. */
const purgedMs = 100;
const listed = z.array(z.object({ id: z.string() }));

interface Deleted {
  /** Milliseconds of each request, as its client sees it. */
  requests: number[];
  /** Milliseconds in which the object was held for one mission, on average: to delete it and to purge it. */
  heldMs: number;
  longestMs: number;
}

/** Deletes missions, one after the other, in a store of so many, and has each purged at once. */
const deletionsIn = async (workerDir: string, missions: number): Promise<Deleted> => {
  const system = await startSystem({ workerDir, environment: { TRASH_DAYS: '0' } });
  try {
    const token = `${system.host.id}.${system.host.credential}`;
    const host = await dialHost(system.url, '/api/host/link', { run: randomUUID(), token });
    await host.close();
    await system.edge.stop();
    fillStore(system.edgeState, system.host.id, { missions, eventsPerMission });
    await system.edge.start();
    const call = (method: string, path: string) => system.person.open(method, `/api/control/missions${path}`);
    const all = listed.parse(await (await call('GET', `?limit=${deletions + unmeasured}`)).json());
    const requests: number[] = [];
    for (const [index, { id }] of all.entries()) {
      if (index === unmeasured) await readHeld(system);
      const begun = performance.now();
      const answer = await call('DELETE', `/${id}`);
      await answer.text();
      if (answer.status !== 200) throw new Error(`DELETE answered ${answer.status}`);
      if (index >= unmeasured) requests.push(performance.now() - begun);
      await pause(purgedMs);
    }
    const held = await readHeld(system);
    const each = [...(held.deleteMission ?? []), ...(held.alarm ?? [])];
    if (held.deleteMission?.length !== requests.length || !held.alarm) throw new Error('a deletion was not measured');
    return {
      requests,
      heldMs: each.reduce((sum, ms) => sum + ms, 0) / requests.length,
      longestMs: Math.max(...each),
    };
  } finally {
    await system.close();
  }
};

export const deletion = async (report: Report, quick: boolean): Promise<void> => {
  const bundle = await benchBundle('with-held');
  const missions = quick ? 10_000 : 100_000;
  const fewMissions = 200;
  const rows = (count: number): string => (count * (eventsPerMission + 1)).toLocaleString('en-US');
  try {
    const few = await deletionsIn(bundle.dir, fewMissions);
    const many = await deletionsIn(bundle.dir, missions);
    const name = (what: string) => `${what} a mission of ${eventsPerMission} rows in a log of ${rows(missions)}`;
    const beside = `ms in a log of ${rows(fewMissions)}`;
    report({
      name: `${name('deleting and purging')}: its object is held for, mean`,
      value: many.heldMs,
      unit: 'ms',
      baseline: { name: beside, value: few.heldMs },
      aim: atMost(many.heldMs, aimMs, 'ms'),
      note: `longest hold ${many.longestMs} beside ${few.longestMs} ms`,
    });
    for (const at of ['p50', 'p99'] as const) {
      const [value, baseline] = [spreadOf(many.requests)[at], spreadOf(few.requests)[at]];
      report({
        name: `${name('deleting')}: the request as a whole, ${at}`,
        value,
        unit: 'ms',
        baseline: { name: beside, value: baseline },
        aim: null,
        note: 'of which D1, which the next list is read from, and the account take most',
      });
    }
  } finally {
    bundle.remove();
  }
};
