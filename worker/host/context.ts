import type { Directory } from '../directory/directory.ts';
import type { Log } from './log/log.ts';

/**
 * What the rules of the object are given: each takes it as its first argument, and a function that needs the tables
 * alone takes `sql`. There is no D1 in it, because no rule may wait: what a rule changes, it changes within one
 * transaction.
 */
export interface HostContext {
  readonly storage: DurableObjectStorage;
  /** The object's tables. */
  readonly sql: SqlStorage;
  readonly log: Log;
  /**
   * Milliseconds by the object's clock. Within one transaction it stands still: what changes together happens at one
   * moment.
   */
  readonly now: () => number;
  /** Since when the host is away (milliseconds), or null while it is connected and heard of. */
  readonly awaySinceMs: () => number | null;
  /** What the object can hold. */
  readonly roomBytes: number;
}

/** The D1 directory, and which of its servers the object is of. */
export interface HostDirectory {
  readonly db: Directory;
  readonly host: string;
}

/** The name is asked for each time: the platform need not know that of an object which its alarm wakes. */
export const directoryOf = (id: DurableObjectId, db: Directory): HostDirectory => ({
  db,
  get host() {
    if (id.name === undefined) throw new Error('a Host object is always addressed by its server id');
    return id.name;
  },
});
