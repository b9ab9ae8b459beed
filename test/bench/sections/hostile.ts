// What one user who has and wants as much as every quota allows costs another one on the same server.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { defaultLimits } from '../../../shared/quotas.ts';
import { atMostTimes, type Report } from '../figures.ts';
import { fillStore } from '../filled-store.ts';
import { fullQueues } from '../full-queues.ts';
import { openedMission, partRows } from '../host-rows.ts';
import { startHostileLoad } from '../hostile-load.ts';
import { markText, watchMarks } from '../marked-stream.ts';
import { dialHost, type ScriptedHost } from '../scripted-host.ts';
import { type Spread, spreadOf } from '../spread.ts';
import { type System, startSystem } from '../system.ts';

/** The aim. */
const times = 2;
const turnEveryMs = 50;
const warmUpTurns = 40;
const sent = z.object({ id: z.string() });

type Kind = 'batch' | 'message' | 'join' | 'stream';
const kinds: Kind[] = ['batch', 'message', 'join', 'stream'];

/** What the ordinary user does, one after the other: latencies of each kind. */
const ordinary = async (system: System, link: ScriptedHost, owner: string) => {
  const mission = openedMission(owner);
  const parts = partRows(mission);
  await link.sendAll([{ items: mission.rows, deltas: [] }], Number.POSITIVE_INFINITY);
  const url = `${system.url}/api/control/stream?format=delta`;
  const stream = await watchMarks(url, system.headers);
  let mark = 0;
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const begun = performance.now();
    await work();
    return performance.now() - begun;
  };
  const turn = async (): Promise<Record<Kind, number>> => {
    mark += 1;
    const begun = performance.now();
    link.send({ items: [parts.tool(markText(mark))], deltas: [parts.grow()] });
    const [batch, shown] = await Promise.all([
      link.settled().then(() => performance.now() - begun),
      stream.reached(mark).then(() => performance.now() - begun),
    ]);
    let id = '';
    const message = await timed(async () => {
      const body = { content: 'And then?', mission_id: mission.mission };
      ({ id } = sent.parse((await system.person.call('POST', '/api/control/message', body)).json));
    });
    // Out of the way of the next ones.
    await system.person.call('DELETE', `/api/control/queue/${id}`);
    const join = await timed(async () => (await watchMarks(url, system.headers)).close());
    return { batch, message, join, stream: shown };
  };
  return {
    measured: async (seconds: number): Promise<Record<Kind, Spread>> => {
      for (let warm = 0; warm < warmUpTurns; warm++) await turn();
      const taken: Record<Kind, number>[] = [];
      for (const until = performance.now() + seconds * 1000; performance.now() < until; ) {
        const begun = performance.now();
        taken.push(await turn());
        await pause(Math.max(0, turnEveryMs - (performance.now() - begun)));
      }
      const spread = (kind: Kind) => spreadOf(taken.map((each) => each[kind]));
      return { batch: spread('batch'), message: spread('message'), join: spread('join'), stream: spread('stream') };
    },
    close: (): void => stream.close(),
  };
};

export const hostile = async (report: Report, quick: boolean): Promise<void> => {
  const [ada, mallory] = ['ada', 'mallory'] as const;
  const system = await startSystem({ users: [ada, mallory] });
  const token = `${system.host.id}.${system.host.credential}`;
  const dial = () => dialHost(system.url, '/api/host/link', { run: randomUUID(), token });
  const seconds = quick ? 10 : 40;
  try {
    const first = await dial();
    const alone = await ordinary(system, first, ada);
    const before = await alone.measured(seconds);
    alone.close();
    await first.close();

    await system.edge.stop();
    // All missions that mallory may have, and as much of the log as leaves room for the texts that wait and change.
    const missions = defaultLimits.missions - fullQueues;
    fillStore(system.edgeState, system.host.id, { missions, eventsPerMission: 10, owner: mallory });
    await system.edge.start();
    const link = await dial();
    const headers = await system.headersOf(mallory);
    const load = await startHostileLoad({ url: system.url, headers }, mallory, link);
    const beside = await ordinary(system, link, ada);
    const during = await beside.measured(seconds);
    const { notFull, answers } = await load.stop();
    const after = await beside.measured(seconds);
    beside.close();
    await link.close();
    for (const kind of kinds) {
      const p99 = (before[kind].p99 + after[kind].p99) / 2;
      const p50 = (before[kind].p50 + after[kind].p50) / 2;
      report({
        name: `${kind} of an ordinary user beside a hostile one at every quota: p99`,
        value: during[kind].p99,
        unit: 'ms',
        baseline: { name: 'ms without p99', value: p99 },
        aim: atMostTimes(during[kind].p99, p99, times),
        note:
          `p50 ${p50.toFixed(1)} → ${during[kind].p50.toFixed(1)} ms, of ${during[kind].count}; ` +
          `p99 before ${before[kind].p99.toFixed(1)}, after ${after[kind].p99.toFixed(1)} ms` +
          (kind === 'batch' ? `; not full: ${notFull.join(', ') || 'none'}; ${answers}` : ''),
      });
    }
  } finally {
    await system.close();
  }
};
