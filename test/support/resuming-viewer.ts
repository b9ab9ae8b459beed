// A dashboard that never gives up: reads `?format=delta`, comes back with its last id after every end, and keeps the
// log as it was shown.
import { setTimeout as wait } from 'node:timers/promises';
import { parseCursor } from '../../shared/cursor.ts';
import { eventMs } from './patience.ts';
import type { Person } from './person.ts';
import { newPrintedView } from './printed-view.ts';
import type { StreamEvent, StreamReader } from './sse-reader.ts';

export interface ResumingViewer {
  /** Rows of the log as shown, in order of arrival, since the last `reset`. */
  rows: readonly StreamEvent[];
  /** Texts by part, built as shared/events.ts says, with deltas. */
  texts: ReadonlyMap<string, string>;
  /**
   * The seq of the snapshot that came first, or with the last `reset`: what lies before it has to be read elsewhere.
   */
  from(): number;
  /** How often a stream was opened, and how often its position was gone. */
  counts: { joins: number; resets: number };
  /** Names of the mission's events as shown. */
  names(mission: string): string[];
  /** Every status of the mission that was shown. */
  statuses(mission: string): string[];
  /** The first row, past or coming, that fits. Rejects after `withinMs` with what was seen. */
  until(fits: (row: StreamEvent) => boolean, withinMs?: number): Promise<StreamEvent>;
  /** The end of the mission's turn number `nth`, from 1. */
  ended(mission: string, nth?: number): Promise<StreamEvent>;
  /** What calls of the mission were seen to print while they ran. */
  printed(mission: string): string;
  /** Resolves once that holds `text`. */
  untilPrinted(mission: string, text: string): Promise<void>;
  close(): Promise<void>;
}

/** Before a stream that ended, or could not be opened, is opened again. */
const againMs = 50;

/** Starts reading and resolves with the first snapshot; `query` begins with `&`. */
export const resumingViewer = async (person: Person, query = ''): Promise<ResumingViewer> => {
  let rows: StreamEvent[] = [];
  let from: number | null = null;
  const texts = new Map<string, string>();
  const counts = { joins: 0, resets: 0 };
  const printed = newPrintedView();
  const looking = new Set<() => void>();
  let stream: StreamReader | null = null;
  let lastId: string | null = null;
  let isClosed = false;

  const take = (event: StreamEvent): void => {
    if (event.name === 'reset') {
      counts.resets++;
      rows = [];
      from = null;
      texts.clear();
    }
    // Where no server has anything of the viewer yet, the snapshot's id is no cursor: all that comes is shown.
    if (event.name === 'snapshot') from ??= parseCursor(event.id ?? '')?.seq ?? 0;
    if (typeof event.data.seq === 'number') rows.push(event);
    grow(texts, event);
    printed.take(event);
    for (const look of looking) look();
  };

  const join = async (): Promise<void> => {
    const headers: Record<string, string> = lastId === null ? {} : { 'Last-Event-ID': lastId };
    const current = await person.stream(`?format=delta${query}`, headers);
    stream = current;
    counts.joins++;
    let taken = 0;
    current.watch(() => {
      for (const event of current.events.slice(taken)) {
        taken++;
        take(event);
      }
      lastId = current.lastId() ?? lastId;
    });
    await current.ended;
  };

  const live = async (): Promise<void> => {
    while (!isClosed) {
      await join().catch(() => undefined); // The edge is away, which is what this viewer is for.
      if (!isClosed) await wait(againMs);
    }
  };
  const joined = new Promise<void>((resolve) => {
    const look = (): void => {
      if (from === null) return;
      looking.delete(look);
      resolve();
    };
    looking.add(look);
  });
  const living = live();
  await joined;

  const viewer: ResumingViewer = {
    get rows() {
      return rows;
    },
    texts,
    from: () => from ?? 0,
    counts,
    names: (mission) => rows.filter(({ data }) => data.mission_id === mission).map(({ name }) => name),
    statuses: (mission) =>
      rows
        .filter(({ name, data }) => name === 'mission.status' && data.mission_id === mission)
        .map(({ data }) => String(data.status)),
    until: (fits, withinMs = eventMs) =>
      new Promise((resolve, reject) => {
        const done = (): void => {
          clearTimeout(timer);
          looking.delete(look);
        };
        const look = (): void => {
          const found = rows.find(fits);
          if (!found) return;
          done();
          resolve(found);
        };
        const timer = setTimeout(() => {
          done();
          const seen = rows.map(({ name, data }) => `${data.seq} ${name}`).join(', ');
          reject(new Error(`no such row within ${withinMs} ms; seen: ${seen}`));
        }, withinMs);
        looking.add(look);
        look();
      }),
    ended: (mission, nth = 1) =>
      viewer.until(
        (row) => isEnd(row, mission) && rows.filter((each) => isEnd(each, mission)).indexOf(row) === nth - 1,
      ),
    printed: printed.of,
    untilPrinted: (mission, text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!printed.of(mission).includes(text)) return;
          clearTimeout(timer);
          looking.delete(look);
          resolve();
        };
        const timer = setTimeout(() => {
          looking.delete(look);
          reject(new Error(`not seen: ${text}\nseen: ${printed.of(mission)}`));
        }, eventMs);
        looking.add(look);
        look();
      }),
    close: async () => {
      isClosed = true;
      stream?.close();
      await living;
    },
  };
  return viewer;
};

const isEnd = ({ name, data }: StreamEvent, mission: string): boolean =>
  data.mission_id === mission &&
  data.of === undefined &&
  (name === 'turn.ended' || name === 'command.finished' || name === 'command.lost');

/** What an event adds to the texts, by the rules for delta clients (worker/host/views/delta.ts). */
const grow = (texts: Map<string, string>, { name, data }: StreamEvent): void => {
  if (name === 'snapshot') {
    for (const { part, text } of data.parts as { part: string; text: string }[]) texts.set(part, text);
    return;
  }
  const { part, off, text } = data;
  if (typeof part !== 'string' || typeof text !== 'string' || typeof off !== 'number') return;
  const before = texts.get(part) ?? '';
  if (name === 'part.closed') texts.set(part, text);
  else if (data.replace === true) texts.set(part, before.slice(0, off) + text);
  else if (off <= before.length && off + text.length > before.length) texts.set(part, before.slice(0, off) + text);
};
