// One round in a laboratory that runs: people, viewers and faults at once; then everything heals, comes to its end, and
// is judged.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import { textOfFile } from '../../host-agent/process/text-file.ts';
import type { Laboratory } from '../faults/laboratory.ts';
import { password } from '../faults/laboratory.ts';
import { storedEvents } from '../support/comparison.ts';
import { eventMs, layerMs } from '../support/patience.ts';
import { type Person, personAt } from '../support/person.ts';
import type { Reading } from '../support/reading.ts';
import { Viewer } from '../support/steady-viewer.ts';
import { missionHistory } from '../support/witness.ts';
import { type Conversation, converse } from './conversation.ts';
import { doFaults } from './faults.ts';
import { openHostile, ordinary } from './hostile.ts';
import type { Instants } from './instants.ts';
import type { MissionRecord, RoundRecord } from './judge.ts';
import { lastShown } from './judge-reading.ts';
import { type FaultName, type RoundPlan, ranFile, secretOf, type ViewerPlan, wordOf } from './schedule.ts';

/** A round that has no end by then has lost something: a waiting person, a turn, or a process. */
const roundMs = layerMs.chaos / 4;
/** D1 follows the object, and OpenCode's idle follows its stored end, within this. */
const settleMs = eventMs;
const lookMs = 50;

/** Plays a round; `done` hears of every fault that was felt. Throws when it does not come to its end. */
export const playRound = async (
  lab: Laboratory,
  instants: Instants,
  plan: RoundPlan,
  done: (name: FaultName) => void,
): Promise<RoundRecord> => {
  // Logged in once for all rounds: the guesses of the hostile user come from the same address.
  const headers = await lab.headersOf({ username: ordinary, password });
  const hostile = await openHostile(lab, secretOf(plan));
  const failed = new AbortController();
  const conversed = new AbortController();
  const over = AbortSignal.any([failed.signal, conversed.signal]);
  const firstRequest = lab.model.requests.length;
  const keeper = new Viewer('delta', () => lab.edge.url, headers);
  const viewers = plan.viewers.map(({ rendering }) => new Viewer(rendering, () => lab.viewerProxy.url, headers));
  const direct = personAt(() => lab.edge.url, headers);
  const person = personAt(() => lab.viewerProxy.url, headers);

  let stage = 'the first stream';
  const play = async (): Promise<RoundRecord> => {
    keeper.watch();
    await keeper.until(() => keeper.reading.position !== null);
    const begin = keeper.reading.position;
    stage = 'the ends of all messages';
    const faults = plan.faults.map((lane) => doFaults({ ...lab, hostile }, lane, instants, over, done));
    const visits = viewers.map((viewer, index) => visit(viewer, plan.viewers[index], instants, over));
    const said = (mission: string, message: string): void => hostile.aimAt({ mission, message });
    const talks = plan.missions.map((messages) =>
      converse({ person, keeper, instants, over: failed.signal, said }, messages),
    );
    const conversations = await either(Promise.all(talks), [...faults, ...visits]);
    conversed.abort();
    stage = 'the ends of all faults';
    await Promise.all([...faults, ...visits]);
    lab.linkProxy.heal();
    stage = 'what the streams have yet to show';
    const record = await settle(lab, direct, conversations, begin, headers, { plan, viewers, firstRequest });
    return { ...record, hostile: hostile.record };
  };
  try {
    return await within(roundMs, play(), () => stage);
  } finally {
    failed.abort();
    await Promise.all([keeper, ...viewers].map((viewer) => viewer.leave()));
  }
};

/** Watches, leaves and comes back as planned, and stays when the round is over. */
const visit = async (
  viewer: Viewer,
  plan: ViewerPlan | undefined,
  instants: Instants,
  over: AbortSignal,
): Promise<void> => {
  if (!plan) return;
  await instants.reached(plan.joinsAfter, over);
  viewer.watch();
  for (const { watches, away } of plan.visits) {
    if (!(await instants.reached(watches, over))) return;
    await viewer.leave();
    await instants.reached(away, over);
    viewer.watch();
  }
};

/** Waits until everything is as it will stay, and collects it. */
const settle = async (
  lab: Laboratory,
  person: Person,
  conversations: readonly Conversation[],
  begin: string | null,
  headers: Record<string, string>,
  { plan, viewers, firstRequest }: { plan: RoundPlan; viewers: readonly Viewer[]; firstRequest: number },
): Promise<Omit<RoundRecord, 'hostile'>> => {
  const { missions, log } = await eventually(
    async () => {
      const before = await readLog(lab, headers, begin);
      const missions: MissionRecord[] = [];
      for (const conversation of conversations) missions.push(await settled(lab, person, conversation));
      const log = await readLog(lab, headers, begin);
      return { missions, log, hasGrown: log.seq > before.seq };
    },
    // The result of a tool that was aborted may come after the end of its turn, between what is compared here.
    ({ hasGrown }) => !hasGrown,
  );
  const running = await eventually(
    async () => z.array(z.unknown()).parse((await person.call('GET', '/api/control/running')).json),
    (list) => list.length === 0,
  );
  const commandsOf = wordOf(`${secretOf(plan)} `);
  const left = await eventually(
    async () => lab.processesLeft().filter((line) => line.includes(commandsOf)),
    (lines) => lines.length === 0,
  );
  for (const viewer of viewers) {
    const { reading } = viewer;
    await viewer.until(() => reading.seq >= lastShown(log, reading.rendering));
  }
  return {
    kind: plan.kind,
    missions,
    requests: lab.model.requests.slice(firstRequest),
    log,
    viewers: viewers.map(({ reading }) => reading),
    running,
    left,
    crashes: lab.crashes,
  };
};

/** The log from `begin` on, as it is told to someone who was away all the time. */
const readLog = async (lab: Laboratory, headers: Record<string, string>, begin: string | null): Promise<Reading> => {
  const reader = new Viewer('delta', () => lab.edge.url, headers);
  reader.reading.position = begin;
  reader.watch();
  // A replay ends with the present.
  await reader.until(() => reader.reading.snapshots > 0);
  await reader.leave();
  return reader.reading;
};

const missionJson = z.looseObject({ id: z.string(), status: z.string() });

/**
 * A mission once the directory agrees with the object and OpenCode with both; or as it is when they do not come to
 * agree.
 */
const settled = async (lab: Laboratory, person: Person, conversation: Conversation): Promise<MissionRecord> => {
  const { mission } = conversation;
  const openCode = lab.openCodeCalls();
  const directory = encodeURIComponent(lab.missionDirectory(mission));
  const look = async () => {
    const own = missionJson.parse((await person.call('GET', `/api/control/missions/${mission}`)).json);
    const list = z.array(missionJson).parse((await person.call('GET', '/api/control/missions')).json);
    const busy = z
      .record(z.string(), z.unknown())
      .parse(await openCode.call('GET', `/session/status?directory=${directory}`));
    return {
      status: own.status,
      listed: list.find(({ id }) => id === mission)?.status,
      isBusy: Object.keys(busy).length > 0,
    };
  };
  const { isBusy, ...statuses } = await eventually(look, (found) => found.listed === found.status && !found.isBusy);
  return {
    ...conversation,
    ...statuses,
    ...missionHistory.parse((await person.call('GET', `/api/control/missions/${mission}`)).json),
    stored: await storedEvents(person, mission),
    openCode: { ...(await lab.openCodeHistory(mission)), isBusy },
    ran: await ranIn(lab.missionDirectory(mission)),
  };
};

const ranIn = async (directory: string): Promise<string[]> =>
  ((await textOfFile(join(directory, ranFile))) ?? '').split('\n').filter((line) => line !== '');

/** Looks until it is right, or for as long as it may take; the last look counts. */
const eventually = async <T>(look: () => Promise<T>, isRight: (found: T) => boolean): Promise<T> => {
  const until = performance.now() + settleMs;
  for (;;) {
    const found = await look();
    if (isRight(found) || performance.now() > until) return found;
    await wait(lookMs);
  }
};

/** `work`, unless one of `others` fails before. */
const either = async <T>(work: Promise<T>, others: Promise<void>[]): Promise<T> => {
  const failing = others.map((other) => other.then(() => new Promise<never>(() => undefined)));
  return Promise.race([work, ...failing]);
};

const within = async <T>(ms: number, work: Promise<T>, stage: () => string): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`waited in vain for ${stage()}, ${ms / 1000} s after the beginning`)),
      ms,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};
