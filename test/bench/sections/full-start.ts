// What the object of a server takes to start when a user has there as much as every quota allows, beside an empty one.
import { randomUUID } from 'node:crypto';
import { defaultLimits } from '../../../shared/quotas.ts';
import { benchBundle } from '../bundle.ts';
import { atMost, type Report } from '../figures.ts';
import { fillStore } from '../filled-store.ts';
import { fillQueues, fullQueues } from '../full-queues.ts';
import { readHeld } from '../held.ts';
import { openedMission } from '../host-rows.ts';
import { watchMarks } from '../marked-stream.ts';
import { mostMbOf } from '../process-figures.ts';
import { dialHost, type ScriptedHost } from '../scripted-host.ts';
import { type System, startSystem } from '../system.ts';

/** The aims. */
const aimMs = 200;
const aimMb = 64;
const eventsPerMission = 20;
const quickLogBytes = 200 * 1024 * 1024;
/** Odd, so that there is one in the middle. */
const rounds = 3;

interface Started {
  constructionMs: number;
  welcomeMs: number;
  joinMs: number;
  /** Most that workerd held, when the server is back, and when all streams are. */
  mb: number;
  mbJoined: number;
}

/** A start of the edge: its object is made, its server comes back, and all streams that a user may have. */
const started = async (system: System, dial: () => Promise<ScriptedHost>): Promise<Started> => {
  await system.edge.stop();
  await system.edge.start();
  const timed = async <T>(work: () => Promise<T>): Promise<[number, T]> => {
    const begun = performance.now();
    const done = await work();
    return [performance.now() - begun, done];
  };
  const [welcomeMs, link] = await timed(dial);
  const mb = mostMbOf(system.edge.pid());
  const url = `${system.url}/api/control/stream?format=delta`;
  const [joinMs, streams] = await timed(() =>
    Promise.all(Array.from({ length: defaultLimits.streams }, () => watchMarks(url, system.headers))),
  );
  const mbJoined = mostMbOf(system.edge.pid());
  const { construction: [constructionMs] = [] } = await readHeld(system);
  if (constructionMs === undefined) throw new Error('the object was not made');
  for (const stream of streams) stream.close();
  await link.close();
  return { constructionMs, welcomeMs, joinMs, mb, mbJoined };
};

/** The middle of several starts. */
const startedOften = async (system: System, dial: () => Promise<ScriptedHost>): Promise<Started> => {
  const all: Started[] = [];
  for (let round = 0; round < rounds; round++) all.push(await started(system, dial));
  const middle = (of: keyof Started): number =>
    all.map((each) => each[of]).toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
  return {
    constructionMs: middle('constructionMs'),
    welcomeMs: middle('welcomeMs'),
    joinMs: middle('joinMs'),
    mb: middle('mb'),
    mbJoined: middle('mbJoined'),
  };
};

/** Missions whose turns run, with all messages that may wait; the other missions, and the log. */
const fill = async (system: System, dial: () => Promise<ScriptedHost>, logBytes: number): Promise<void> => {
  const link = await dial();
  const opened = Array.from({ length: fullQueues }, () => openedMission());
  await link.sendAll(
    opened.map(({ rows }) => ({ items: rows, deltas: [] })),
    Number.POSITIVE_INFINITY,
  );
  const missions = opened.map(({ mission }) => mission);
  await fillQueues(missions, (mission, content) =>
    system.person.call('POST', '/api/control/message', { content, mission_id: mission }),
  );
  await link.close();
  await system.edge.stop();
  const others = defaultLimits.missions - fullQueues;
  // Every second event is a result.
  const resultChars = Math.floor((logBytes / others / eventsPerMission) * 2);
  fillStore(system.edgeState, system.host.id, { missions: others, eventsPerMission, resultChars });
  await system.edge.start();
};

export const fullStart = async (report: Report, quick: boolean): Promise<void> => {
  const bundle = await benchBundle('with-held');
  const system = await startSystem({ workerDir: bundle.dir });
  const token = `${system.host.id}.${system.host.credential}`;
  const dial = () => dialHost(system.url, '/api/host/link', { run: randomUUID(), token });
  try {
    await (await dial()).close();
    const empty = await startedOften(system, dial);
    const logBytes = quick ? quickLogBytes : defaultLimits.log_bytes;
    await fill(system, dial, logBytes);
    const full = await startedOften(system, dial);
    const note = `${defaultLimits.missions} missions, a log of ${Math.round(logBytes / 2 ** 20)} MiB, ${defaultLimits.waiting_messages} messages of ${defaultLimits.waiting_bytes / 2 ** 20} MiB that wait`;
    const figure = (name: string, value: number, baseline: number, aim: number | null) =>
      report({
        name: `start with every quota full: ${name}`,
        value,
        unit: 'ms',
        baseline: { name: 'ms of an empty object', value: baseline },
        aim: aim === null ? null : atMost(value, aim, 'ms'),
        note,
      });
    figure('construction of the object', full.constructionMs, empty.constructionMs, aimMs);
    figure('from the dial of its server to the welcome', full.welcomeMs, empty.welcomeMs, aimMs);
    figure(`${defaultLimits.streams} streams join`, full.joinMs, empty.joinMs, null);
    const memory = (when: string, value: number, baseline: number) =>
      report({
        name: `start with every quota full: most memory of workerd, ${when}`,
        value,
        unit: 'MB',
        baseline: { name: 'MB with an empty object', value: baseline },
        aim: { text: `≤ ${aimMb} MB more`, met: value - baseline <= aimMb },
        note,
      });
    memory('its server welcomed', full.mb, empty.mb);
    memory(`${defaultLimits.streams} streams joined`, full.mbJoined, empty.mbJoined);
  } finally {
    await system.close();
    bundle.remove();
  }
};
