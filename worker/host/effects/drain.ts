import { accountsDue, tellAccounts } from './accounts.ts';
import { askAboutAdopted } from './adopted.ts';
import { directoryDue, tellSlice } from './directory.ts';
import { noteFailure } from './patience.ts';
import type { Telling } from './telling.ts';

/**
 * Slices of one go: an invocation may ask D1 a thousand times (edge §2.5). The alarm goes on at once with what is left.
 */
const maxSlices = 9;

/** Brings about what commits still owe (effects.ts): from each step that owes something, and from the alarm. */
export class Drain {
  readonly #telling: Telling;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;

  constructor(telling: Telling) {
    this.#telling = telling;
  }

  /**
   * Resolves when what was owed at the call was tried once, whether or not it worked; never rejects. One goes at a
   * time, and all who come meanwhile wait for the same next one.
   */
  run(): Promise<void> {
    this.#next ??= this.#running.then(() => {
      this.#next = null;
      this.#running = this.#go();
      return this.#running;
    });
    return this.#next;
  }

  async #go(): Promise<void> {
    try {
      // An account is told within a moment, and D1 may be slow: neither waits for the other.
      await Promise.all([this.#tellAll(tellAccounts), this.#tellAll(askAboutAdopted), this.#tellAll(tellSlice)]);
    } catch (cause) {
      // A mistake of ours. It waits like an outage, or the alarm would come again at once, for ever.
      const { sql, now } = this.#telling.host;
      noteFailure(sql, now(), cause);
    }
  }

  async #tellAll(tell: (telling: Telling) => Promise<boolean>): Promise<void> {
    for (let slices = 0; slices < maxSlices; slices += 1) if (!(await tell(this.#telling))) return;
  }
}

/** When something is to be brought about next (milliseconds, maybe past), or null while nothing is owed. */
export const effectsDue = (sql: SqlStorage): number | null => {
  const due = [directoryDue(sql), accountsDue(sql)].filter((at) => at !== null);
  return due.length === 0 ? null : Math.min(...due);
};
