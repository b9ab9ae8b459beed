/**
 * What leaves the log by age or size, a slice at a time: it is written to the archive, where there is one, and only
 * then dropped. What is due stands in the tables, so whatever ends in the middle is begun again by the alarm, with the
 * same slice under the same name.
 */

import type { HostContext, HostDirectory } from '../context.ts';
import { cameTo, dueOf, type Effect, nextOf, settle } from '../effects/effects.ts';
import { noteArchived } from '../log/archives.ts';
import type { Change } from '../record/change.ts';
import { setMeta } from '../tables.ts';
import { watchSpace } from '../upkeep/space.ts';
import { type Archive, archiveOf, nameOf, textOf } from './archive.ts';
import { chosen, leavesAt } from './chosen.ts';
import { dropSlice, settleAge } from './drop.ts';
import { nextSlice, type Slice } from './slice.ts';
import { noteFailure, noteNothing, noteSuccess, readWait } from './wait.ts';

/**
 * Slices of one go; the alarm comes again at once for what is left. Without an archive nothing lets others have their
 * turn between two slices.
 */
const maxSlices = { archived: 9, dropped: 1 };
/** So long after an alarm that finds a go under way another one looks whether it was lost with its object. */
const lostMs = 60_000;

interface Parts {
  host: HostContext;
  directory: Pick<HostDirectory, 'host'>;
  /** Null where no bucket is bound: what leaves is dropped. */
  archive: Archive | null;
  /** The object's way to change (transaction.ts). */
  run: (rule: (host: HostContext) => Change) => void;
  /** Called when a go is over. */
  onDone: () => void;
}

export class Retention {
  readonly #parts: Parts;
  #isUnderWay = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** When something is to be done (milliseconds, maybe past); null: nothing. */
  dueAt(): number | null {
    const { host, archive } = this.#parts;
    // From now, not from its beginning: a slow archive is not to wake the object again and again.
    if (this.#isUnderWay) return host.now() + lostMs;
    const due = [archive && nextOf(host.sql, ['archive']), leavesAt(host.sql)].filter((at) => at !== null);
    return due.length === 0 ? null : Math.max(Math.min(...due), readWait(host.sql).untilMs);
  }

  /** Does what is due, one go at a time, in the background: an archive that is slow holds up nothing. */
  start(): Promise<void> | null {
    const { host, onDone } = this.#parts;
    const due = this.dueAt();
    if (this.#isUnderWay || due === null || due > host.now()) return null;
    this.#isUnderWay = true;
    return this.#go().finally(() => {
      this.#isUnderWay = false;
      onDone();
    });
  }

  /** Since when the archive fails that something waits for, and how; null while it works, or nothing waits. */
  trouble(): { sinceMs: number; reason: string } | null {
    const { failures, sinceMs, reason } = readWait(this.#parts.host.sql);
    return failures > 0 && this.dueAt() !== null ? { sinceMs, reason } : null;
  }

  async #go(): Promise<void> {
    const { archive, run } = this.#parts;
    const most = archive ? maxSlices.archived : maxSlices.dropped;
    try {
      for (let slices = 0; slices < most; slices += 1) {
        if (!(await this.#step())) return;
        if (readWait(this.#parts.host.sql).failures > 0) run((host) => ({ recorded: noteSuccess(host), touched: [] }));
      }
    } catch (cause) {
      run((host) => ({ recorded: noteFailure(host, cause, archive !== null), touched: [] }));
    }
  }

  /** False: nothing more is to be done now. Rejects where the archive fails, and then nothing has changed. */
  async #step(): Promise<boolean> {
    const { host, archive } = this.#parts;
    const [removal] = archive ? dueOf(host.sql, 'archive', host.now()) : [];
    if (removal && archive) return this.#remove(removal, archive);
    const slice = this.#find();
    if (slice === null) {
      const due = leavesAt(host.sql);
      if (due !== null && due <= host.now()) noteNothing(host.sql, host.now());
      return false;
    }
    await this.#leave(slice);
    return true;
  }

  async #remove(removal: Effect, archive: Archive): Promise<boolean> {
    const { host, directory } = this.#parts;
    if (await archive.remove(archiveOf(directory.host, removal.key))) settle(host.sql, removal);
    else cameTo(host.sql, removal, 'begun');
    return true;
  }

  #find(): Slice | null {
    const { host } = this.#parts;
    for (const id of chosen(host.sql, host.now())) {
      const slice = nextSlice(host, id);
      if (slice) return slice;
      settleAge(host, id);
    }
    return null;
  }

  async #leave(slice: Slice): Promise<void> {
    const { host, directory, archive, run } = this.#parts;
    const name = archive && nameOf(directory.host, host.log.id, slice);
    if (archive && name !== null) {
      setMeta(host.sql, 'archives', 'used');
      await archive.write(name, textOf(host, directory.host, slice));
    }
    run((inside) => {
      // What is dropped is what was written: a mission may have been deleted, or its log begun anew, meanwhile.
      const now = nextSlice(inside, slice.mission.id);
      const isSame = now !== null && fingerprint(now) === fingerprint(slice);
      if (!isSame || (archive && name !== nameOf(directory.host, inside.log.id, now))) return nothing;
      if (name !== null) noteArchived(inside.sql, slice.mission.id, { from: now.from, to: now.to, name });
      dropSlice(inside, now, name !== null);
      return { recorded: watchSpace(inside), touched: [] };
    });
  }
}

const nothing: Change = { recorded: [], touched: [] };
const fingerprint = ({ from, to, shown, unshown, bytes }: Slice): string =>
  JSON.stringify([from, to, shown, unshown, bytes]);
