// What one user's dashboard polls, on an edge where many users have missions on many servers.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { benchBundle } from '../bundle.ts';
import { atMostTimes, type Report } from '../figures.ts';
import { databaseBelow } from '../filled-store.ts';
import { openedMission } from '../host-rows.ts';
import { dialHost } from '../scripted-host.ts';
import { type EnrolledHost, startSystem } from '../system.ts';
import { timedCalls } from '../timed-calls.ts';

/** The numbers, and its aim: as many times one read of D1. */
const [users, servers, times] = [1_000, 200, 3];
/** Missions of each user, one on each server; a short run has fewer. */
const missionsEach = servers;
const quickMissionsEach = 20;
/** Servers on which the user who polls has missions, one of which runs on each. */
const ownServers = 3;
const ada = 'ada';
/** V8 compiles and collects most in the first ones. */
const warmUp = 1_000;

const polls = { running: '/api/control/running', stats: '/api/stats' };
/** A route that reads one row of D1 and no more. */
const oneRead = '/bench/one-read';

export const oneOfMany = async (report: Report, quick: boolean): Promise<void> => {
  const bundle = await benchBundle('with-minimal');
  const system = await startSystem({ workerDir: bundle.dir, users: [ada] });
  const calls = timedCalls(system.url, system.headers);
  const [count, each] = quick ? [300, quickMissionsEach] : [2_000, missionsEach];
  try {
    const own: EnrolledHost[] = [system.host];
    while (own.length < ownServers) own.push(await system.enrol());
    await system.edge.stop();
    const missions = fillDirectory(system.edgeState, own, each);
    await system.edge.start();
    const links = await Promise.all(own.map((host) => runOneMission(system.url, host)));
    const { json }: { json: unknown[] } = await system.person.call('GET', polls.running);
    if (json.length !== ownServers) throw new Error(`${json.length} missions run instead of ${ownServers}`);

    for (const path of [oneRead, ...Object.values(polls)]) await calls.oneByOne(path, warmUp);
    for (const [name, path] of Object.entries(polls)) {
      const before = await calls.oneByOne(oneRead, count);
      const measured = await calls.oneByOne(path, count);
      const after = await calls.oneByOne(oneRead, count);
      for (const share of ['p50', 'p99'] as const) {
        const read = (before[share] + after[share]) / 2;
        report({
          name: `${name} for one of ${users} users on ${servers} servers: ${share}`,
          value: measured[share],
          unit: 'ms',
          baseline: { name: `ms one D1 read ${share}`, value: read },
          aim: atMostTimes(measured[share], read, times),
          note: `${missions} missions in D1, the user's on ${ownServers} servers, of which each runs one`,
        });
      }
    }
    for (const link of links) await link.close();
  } finally {
    calls.close();
    await system.close();
    bundle.remove();
  }
};

const runOneMission = async (url: string, host: EnrolledHost) => {
  const link = await dialHost(url, '/api/host/link', { run: randomUUID(), token: `${host.id}.${host.credential}` });
  await link.sendAll([{ items: openedMission(ada).rows, deltas: [] }], Number.POSITIVE_INFINITY);
  return link;
};

/**
 * Writes servers and everybody's missions into D1 of a stopped edge: those of the user who polls are on her own
 * servers, the others' are spread over all. Out: how many missions there are.
 */
const fillDirectory = (edgeState: string, own: readonly EnrolledHost[], each: number): number => {
  const db = new DatabaseSync(databaseBelow(join(edgeState, 'd1')));
  const all = [...own.map(({ id }) => id)];
  db.exec('BEGIN');
  const addServer = db.prepare(
    `INSERT INTO hosts (id, name, credential_sha256, epoch, workspace_id, log, rev, live, created_at)
       VALUES (?1, ?1, ?1, 1, ?2, ?1, 1, 1, 0)`,
  );
  while (all.length < servers) {
    const id = randomUUID();
    addServer.run(id, randomUUID());
    all.push(id);
  }
  const addMission = db.prepare(
    `INSERT INTO missions (id, host, owner, status, title, workspace, cost_usd, history, created_at, updated_at, log, rev)
       VALUES (?1, ?2, ?3, ?4, 'A mission', 'w', 0.1, '[]', ?5, ?5, coalesce((SELECT log FROM hosts WHERE id = ?2), ''), 1)`,
  );
  for (let user = 0; user < users; user++) {
    const [owner, places] = user === 0 ? [ada, all.slice(0, ownServers)] : [`user-${user}`, all];
    for (let index = 0; index < each; index++) {
      const host = places[(user + index) % places.length] ?? '';
      addMission.run(randomUUID(), host, owner, index % 10 === 0 ? 'failed' : 'completed', index);
    }
  }
  db.exec('COMMIT');
  db.close();
  return users * each;
};
