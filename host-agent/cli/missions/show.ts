/** `openagent show`: what was said in a mission, and with --follow what is being said. */
import { systemClock } from '../../../shared/clock.ts';
import { parseCursor } from '../../../shared/cursor.ts';
import { exitCode } from '../exit-codes.ts';
import { ordinaryTimes, type Patience } from '../following/patience.ts';
import { newReading } from '../following/reading.ts';
import { chosenEdge, type EdgeOptions } from '../login/edge.ts';
import { processEnds } from '../printing/ends.ts';
import { newPrinter } from '../printing/json-or-words.ts';
import type { Printer } from '../printing/printer.ts';
import { missionApi } from './api.ts';
import { untilLeft } from './detaching.ts';
import { missionNamed } from './find.ts';
import { codeOf } from './run.ts';
import type { StoredEvent } from './shapes.ts';
import { storedLine } from './stored.ts';
import { joinMission, type Watch } from './watch.ts';

export interface ShowOptions extends EdgeOptions {
  follow?: boolean;
  json?: boolean;
  verbose?: boolean;
}

/**
 * Without --follow: 0 when the mission could be shown. With it: shows on until nothing of the mission runs or waits,
 * and resolves with the code of the last turn's end, 0 where nothing ran.
 */
export const show = async (id: string, options: ShowOptions, environment: NodeJS.ProcessEnv): Promise<number> => {
  const edge = await chosenEdge(options, environment);
  const api = missionApi(edge);
  const mission = await api.read(await missionNamed(api.list, id));
  const printer = newPrinter(processEnds(environment), { ...options, conversation: true });
  const head = (): void => printer.show({ type: 'mission', ...mission });
  if (!options.follow) {
    const events = await api.events(mission.id);
    head();
    showStored(events, printer);
    return exitCode.completed;
  }
  return untilLeft({ mission: mission.id, message: 'sent' }, printer, async (signal) => {
    const tell: Patience['tell'] = (state) => printer.show({ type: 'connection', state });
    const patience = { times: ordinaryTimes, clock: systemClock, signal, tell };
    const watch = await joinMission({ edge, mission: mission.id, cursor: null }, patience);
    const past = pastOf(await api.events(mission.id), watch);
    head();
    showStored(past, printer);
    const ended = await watch.until(
      newReading({ mission: mission.id, message: null }),
      printer,
      ({ isIdle }) => isIdle,
    );
    return ended.end === null ? exitCode.completed : codeOf(ended);
  });
};

const showStored = (events: readonly StoredEvent[], printer: Printer): void => {
  for (const event of events) {
    const line = storedLine(event);
    if (line) printer.show(line);
  }
};

/**
 * Of the stored events those that the stream will not tell: up to the position where it was joined, and without the
 * texts that were open there, which the stream tells from their beginning. One of them may be whole by now, so they are
 * known by how they begin.
 */
const pastOf = (events: readonly StoredEvent[], { cursor, snapshot }: Watch): StoredEvent[] => {
  const joinedAt = parseCursor(cursor ?? '')?.seq ?? Number.POSITIVE_INFINITY;
  const open = snapshot.parts.map(({ text }) => text).filter((text) => text !== '');
  return events.filter(({ id, event_type: type, content, metadata }) => {
    if (id > joinedAt) return false;
    if (type !== 'thinking') return true;
    return metadata.done !== false && !open.some((text) => content.startsWith(text));
  });
};
