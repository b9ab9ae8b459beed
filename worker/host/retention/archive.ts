/** The archive: a bucket that has what left the logs, one object for each slice. */
import * as z from 'zod';
import { type Clock, within } from '../../../shared/clock.ts';
import { storedEvent } from '../../../shared/routes/shapes.ts';
import type { HostContext } from '../context.ts';
import { rowsAt } from '../log/leaving.ts';
import { renderStored } from '../views/stored.ts';
import { textsOf } from '../views/texts.ts';
import type { Slice } from './slice.ts';

/** A bucket that takes longer is as good as away. */
const limitMs = 30_000;
/** Objects that are removed at a time: a request of the bucket takes as many as 1,000. */
const removedAtOnce = 100;

/** `events` is what `/events` shows of the slice, `rows` what the log had besides. */
const content = z.object({ events: z.array(storedEvent), rows: z.array(z.unknown()) });
export type ArchivedSlice = z.infer<typeof content>;

export class Archive {
  readonly #bucket: R2Bucket;
  readonly #clock: Clock;
  /** The last write did not end well. */
  #isInDoubt = false;

  constructor(bucket: R2Bucket, clock: Clock) {
    this.#bucket = bucket;
    this.#clock = clock;
  }

  /**
   * Writes an object; a repeat writes the same. Rejects where the bucket did not say that it has it. A request that
   * hangs can't be taken back and keeps its text, so a bucket in doubt has to answer something small before each try.
   */
  async write(name: string, text: string): Promise<void> {
    if (this.#isInDoubt) await this.#inTime(this.#bucket.head(name));
    this.#isInDoubt = true;
    await this.#inTime(this.#bucket.put(name, text));
    this.#isInDoubt = false;
  }

  /** What a slice was, or null where the bucket does not have it. Rejects where the bucket fails. */
  async read(name: string): Promise<ArchivedSlice | null> {
    const object = await this.#inTime(this.#bucket.get(name));
    return object && content.parse(JSON.parse(await this.#inTime(object.text())));
  }

  /** Removes objects below this name, at most a hundred; true: that was all. */
  async remove(below: string): Promise<boolean> {
    const { objects, truncated } = await this.#inTime(this.#bucket.list({ prefix: below, limit: removedAtOnce }));
    if (objects.length > 0) await this.#inTime(this.#bucket.delete(objects.map(({ key }) => key)));
    return !truncated;
  }

  #inTime<T>(asked: Promise<T>): Promise<T> {
    return within(this.#clock, limitMs, asked, (): never => {
      throw new Error(`the archive did not answer within ${limitMs / 1000} s`);
    });
  }
}

/** Everything of a mission in the archive has a name below this. */
export const archiveOf = (server: string, mission: string): string => `${server}/${mission}/`;

/**
 * The name of a slice. The log is in it, since an object that was rolled back begins another one: what it writes then
 * must not take the place of what an older slice is kept under.
 */
export const nameOf = (server: string, log: string, { mission, shown }: Slice): string =>
  `${archiveOf(server, mission.id)}${log}/${shown[0]}-${shown.at(-1)}.json`;

/** A slice as the archive has it. */
export const textOf = ({ sql, log }: HostContext, server: string, slice: Slice): string => {
  const texts = textsOf(sql);
  const { mission, from, to } = slice;
  const events = [...rowsAt(sql, slice.shown)].flatMap((row) => renderStored(row, texts, () => true) ?? []);
  const rows = [...rowsAt(sql, slice.unshown)].map(({ seq, at, event }) => ({
    ...{ seq, at },
    event: 'unknown' in event ? event.body : event,
  }));
  return JSON.stringify({ version: 1, server, mission: mission.id, log: log.id, from, to, events, rows });
};
