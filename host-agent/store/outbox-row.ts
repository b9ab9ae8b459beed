import { type HostEvent, hostEvent } from '../../shared/events.ts';
import type { Src } from '../../shared/frames.ts';
import type { MissionId } from '../../shared/ids.ts';
import { maxEventBytes } from '../../shared/limits.ts';

/** A durable event on its way to the log. `at`: host milliseconds. */
export interface OutboxRow {
  at: number;
  mission: MissionId | null;
  src?: Src;
  event: HostEvent;
}

/**
 * An event that the log would refuse; nothing was stored. It is our own mistake, and trying it again would not help.
 */
export class EventRefused extends Error {
  override readonly name = 'EventRefused';
}

/** A row as it is stored: `json` is that of a frame item. Throws EventRefused. */
export const encode = (row: OutboxRow): { at: number; bytes: number; json: string } => {
  const event = checked(row.event);
  const json = JSON.stringify({ at: row.at, mission: row.mission, src: row.src, event });
  return { at: row.at, bytes: Buffer.byteLength(json), json };
};

/** Why an event can't be stored; null when it can. */
export const refusalOf = (event: HostEvent): string | null => {
  try {
    checked(event);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

const checked = (event: HostEvent): HostEvent => {
  const known = hostEvent.safeParse(event);
  if (!known.success) {
    const issue = known.error.issues[0];
    throw new EventRefused(`event ${event.type} is none: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
  }
  const bytes = bytesOf(known.data);
  if (bytes > maxEventBytes)
    throw new EventRefused(
      `event ${event.type} has ${bytes} bytes, allowed are ${maxEventBytes}: store a preview instead`,
    );
  return known.data;
};

/** JSON is written by recursion: a value that is nested without end throws. */
const bytesOf = (event: HostEvent): number => {
  try {
    return Buffer.byteLength(JSON.stringify(event));
  } catch (cause) {
    throw new EventRefused(`event ${event.type} can't be written as JSON`, { cause });
  }
};
