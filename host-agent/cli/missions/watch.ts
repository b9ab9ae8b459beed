/** Follows a mission and tells what happens, up to an end. */
import type { Place } from '../following/connection.ts';
import type { Patience } from '../following/patience.ts';
import type { End, Reading } from '../following/reading.ts';
import { type Read, readEvent } from '../following/shapes.ts';
import { readStream } from '../following/stream.ts';
import type { Printer } from '../printing/printer.ts';

/** A mission's stream that was joined: where it stands, and what is to be taken next. */
export interface Watch {
  /** Everything that is open at the present of the first connection. */
  snapshot: Extract<Read, { type: 'snapshot' }>;
  /** Position of the snapshot. */
  cursor: string | null;
  /**
   * Shows what comes until `isOver` says so after a line or a change of idleness. Out: the last `end` that was shown,
   * null without one.
   */
  until: (reading: Reading, printer: Printer, isOver: (state: WatchState) => boolean) => Promise<WatchState>;
}

export interface WatchState {
  end: End | null;
  isIdle: boolean;
  /** The server's history was replaced while it was read: an end may be missing. */
  wasReset: boolean;
  /** The last status the mission got. */
  status: string | null;
}

/** Joins the stream of `place` at its present, however often that has to be tried. */
export const joinMission = async (place: Place, patience: Patience): Promise<Watch> => {
  const stream = readStream(place, patience);
  const early: Read[] = [];
  let snapshot: Watch['snapshot'] | null = null;
  while (snapshot === null) {
    const { value, done } = await stream.next();
    if (done) throw new Error('a stream without an end has ended');
    const event = readEvent(value);
    if (event === null) continue;
    early.push(event);
    if (event.type === 'snapshot') snapshot = event;
  }
  const until: Watch['until'] = async (reading, printer, isOver) => {
    const state: WatchState = { end: null, isIdle: false, wasReset: false, status: null };
    const take = (event: Read): boolean => {
      if (event.type === 'reset') state.wasReset = true;
      const { lines, isIdle } = reading.take(event);
      for (const line of lines) {
        printer.show(line);
        if (line.type === 'end') state.end = line;
        if (line.type === 'status') state.status = line.status;
      }
      if (isIdle !== null) state.isIdle = isIdle;
      return (lines.length > 0 || isIdle !== null) && isOver(state);
    };
    try {
      if (early.splice(0).some(take)) return state;
      for await (const value of stream) {
        const event = readEvent(value);
        if (event && take(event)) return state;
      }
      throw new Error('a stream without an end has ended');
    } finally {
      await stream.return(undefined);
    }
  };
  return { snapshot, cursor: place.cursor, until };
};
