/** `openagent run`: says something to an agent and follows it to the answer. */

import { randomUUID } from 'node:crypto';
import { systemClock } from '../../../shared/clock.ts';
import { BadUse } from '../bad-use.ts';
import { exitCode } from '../exit-codes.ts';
import { ordinaryTimes, type Patience, patiently } from '../following/patience.ts';
import { newReading } from '../following/reading.ts';
import { chosenEdge, type EdgeOptions } from '../login/edge.ts';
import { processEnds } from '../printing/ends.ts';
import { newPrinter } from '../printing/json-or-words.ts';
import type { Printer } from '../printing/printer.ts';
import { type MissionApi, missionApi, type NewMission } from './api.ts';
import { type Progress, untilLeft } from './detaching.ts';
import { missionNamed } from './find.ts';
import { hasInput, messageText } from './message-text.ts';
import { storedEnd } from './stored.ts';
import { joinMission, type WatchState } from './watch.ts';

export interface RunOptions extends EdgeOptions, NewMission {
  mission?: string;
  follow?: boolean;
  detach?: boolean;
  json?: boolean;
  verbose?: boolean;
}

/** Resolves with the exit code (exit-codes.ts); throws BadUse, Refused, NoAnswer or NotLoggedIn with what to do. */
export const run = async (words: string[], options: RunOptions, environment: NodeJS.ProcessEnv): Promise<number> => {
  checkOptions(options);
  const edge = await chosenEdge(options, environment);
  const content = await messageText(words, hasInput() ? process.stdin : null);
  const printer = newPrinter(processEnds(environment), options);
  const progress: Progress = { mission: null, message: 'none' };
  return untilLeft(progress, printer, async (signal) => {
    const patience: Patience = {
      times: ordinaryTimes,
      clock: systemClock,
      signal,
      tell: (state) => printer.show({ type: 'connection', state }),
    };
    const api = missionApi(edge);
    const mission = await missionFor(options, api, patience);
    progress.mission = mission.id;
    // The stream is joined before anything is sent, so that nothing of the answer can come before it.
    const watch = options.detach ? null : await joinMission({ edge, mission: mission.id, cursor: null }, patience);
    const key = randomUUID();
    progress.message = 'sending';
    const sent = await patiently(patience, () => api.send(mission.id, content, messageAgent(options), key));
    progress.message = 'sent';
    if (watch === null) {
      if (!options.json) process.stdout.write(`${mission.id}\n`);
      else showSent(printer, mission, { ...sent, content });
      return exitCode.completed;
    }
    showSent(printer, mission, { ...sent, content });
    const reading = newReading({ mission: mission.id, message: sent.id });
    const ended = await watch.until(
      reading,
      printer,
      ({ end, isIdle, wasReset }) => end !== null || (wasReset && isIdle),
    );
    return codeOf(ended.end === null ? await endAfterReset(api, mission.id, sent.id, printer) : ended);
  });
};

const checkOptions = ({ mission, follow, detach, title, model, workspace }: RunOptions): void => {
  if (follow && detach) throw new BadUse('--follow and --detach can not be had at once.');
  const ofNew = Object.entries({ title, model, workspace }).find(([, value]) => value !== undefined)?.[0];
  if (mission !== undefined && ofNew) throw new BadUse(`--${ofNew} is for a new mission; --mission continues one.`);
};

/** The agent of a new mission is the mission's; of one that goes on, the message's. */
const messageAgent = ({ mission, agent }: RunOptions): string | undefined =>
  mission === undefined ? undefined : agent;

const missionFor = async (options: RunOptions, api: MissionApi, patience: Patience) => {
  const { mission } = options;
  if (mission !== undefined) {
    const id = await patiently(patience, () => missionNamed(api.list, mission), { isFirst: true });
    return patiently(patience, () => api.read(id));
  }
  const key = randomUUID();
  return patiently(patience, () => api.create(options, key), { isFirst: true });
};

const showSent = (
  printer: Printer,
  { id, title, status }: Awaited<ReturnType<MissionApi['create']>>,
  message: { id: string; content: string; queued: boolean },
): void => {
  printer.show({ type: 'mission', id, title, status });
  printer.show({ type: 'message', ...message });
};

/** The server's history was replaced, and nothing runs: what is stored now has the message's end, or nothing has. */
const endAfterReset = async (
  api: MissionApi,
  mission: string,
  message: string,
  printer: Printer,
): Promise<Pick<WatchState, 'end' | 'status'>> => {
  const events = await api.events(mission);
  const at = events.findIndex(({ event_type: type, event_id: id }) => type === 'user_message' && id === message);
  const last = at < 0 ? undefined : events.slice(at).find(({ event_type: type }) => type === 'assistant_message');
  if (!last) {
    printer.note("The server's history was replaced by an older one, and the message is not in it. Send it again.");
    return { end: null, status: null };
  }
  const end = storedEnd(last);
  printer.show(end);
  return { end, status: null };
};

const failedStatus = new Set(['failed', 'blocked', 'not_feasible']);

/** A turn that completed can still have left its mission as one that failed. */
export const codeOf = ({ end, status }: Pick<WatchState, 'end' | 'status'>): number =>
  end?.outcome === 'completed' && !failedStatus.has(status ?? '') ? exitCode.completed : exitCode.failed;
