import { type Clock, within } from '../../../shared/clock.ts';
import type { HostContext } from '../context.ts';
import { noteQuietOwners } from '../effects/accounts.ts';
import { type Drain, effectsDue } from '../effects/drain.ts';
import { changeFacts } from '../effects/facts.ts';
import { askAgainAt } from '../effects/patience.ts';
import { moveMark } from '../log/marks.ts';
import { isIdle } from '../missions/activity.ts';
import { atomically } from '../remembered.ts';
import { isQuiet, nextDue, storeQuietSince } from './due.ts';

/**
 * The alarm is set for so much later before something is tried: it is what is left of it if the object is lost in the
 * middle. Seldom needed, so that work that goes on does not set the alarm again and again.
 */
const lostMs = 30_000;
/** What a person does not notice, and D1 needs a tenth of. */
const shownMs = 250;
/** Before the alarm tries again what is a mistake of ours. */
const failedMs = 60_000;

/** What the object owes others after a commit, and the alarm that sees to it. */
export class Upkeep {
  readonly #ctx: DurableObjectState;
  readonly #host: HostContext;
  readonly #drain: Drain;
  readonly #clock: Clock;
  readonly #staleHours: number | null;
  readonly #trashMs: number;
  readonly #retentionDue: () => number | null;

  /**
   * `staleHours`: after how many hours an idle mission is closed; null for never. `trashMs`: how long deleted ones are
   * kept. `retentionDue`: when something is to leave the log.
   */
  constructor(
    ctx: DurableObjectState,
    host: HostContext,
    drain: Drain,
    clock: Clock,
    {
      staleHours,
      trashMs,
      retentionDue,
    }: { staleHours: number | null; trashMs: number; retentionDue: () => number | null },
  ) {
    this.#ctx = ctx;
    this.#host = host;
    this.#drain = drain;
    this.#clock = clock;
    this.#staleHours = staleHours;
    this.#trashMs = trashMs;
    this.#retentionDue = retentionDue;
  }

  /**
   * For a reply to a change of what lists show: resolves when D1 was told, so that a list that is read next shows it,
   * or soon. It waits for no D1 that is slow, and not at all while one is known to be away.
   */
  async shown(): Promise<void> {
    if (askAgainAt(this.#host.sql) > this.#host.now()) return;
    await within(this.#clock, shownMs, this.#drain.run(), () => undefined);
  }

  /** Resolves when what was owed at the call was tried; what failed is tried again by the alarm. Never rejects. */
  async #settled(): Promise<void> {
    await this.#arm(lostMs);
    await this.#drain.run();
    await this.#arm(0);
  }

  /** The same, while nobody waits for it. `changesDue`: what was committed may change what the alarm is set for. */
  settleLater(changesDue: boolean): void {
    const due = effectsDue(this.#host.sql);
    if (due !== null && due <= this.#host.now()) this.#ctx.waitUntil(this.#settled());
    else if (changesDue) this.#ctx.waitUntil(this.#arm(0));
  }

  /**
   * The alarm's work (due.ts): what is owed, and that the server has become quiet. `hasFailed`: something else that is
   * due can't be done, which is not to wake the object again at once, for ever.
   */
  async onAlarm(hasFailed: boolean): Promise<void> {
    try {
      atomically(this.#host.storage, () => {
        const { sql, now } = this.#host;
        if (!isQuiet(sql, now())) return;
        noteQuietOwners(sql);
        moveMark(sql, now(), this.#host.log.head);
        if (isIdle(sql)) changeFacts(sql, { live: false });
      });
      await this.#drain.run();
    } finally {
      await this.#arm(hasFailed ? failedMs : 0);
    }
  }

  /**
   * Sets the alarm for what is due next, in `graceMs` at the earliest. An earlier one stays: it finds nothing to do,
   * and arms anew.
   */
  async #arm(graceMs: number): Promise<void> {
    const nowMs = this.#host.now();
    storeQuietSince(this.#host.sql, nowMs);
    const due = [nextDue(this.#host.sql, this.#staleHours, this.#trashMs), this.#retentionDue()].filter(
      (at) => at !== null,
    );
    if (due.length === 0) return;
    const at = Math.max(Math.min(...due), nowMs + graceMs);
    const armed = await this.#host.storage.getAlarm();
    if (armed === null || at < armed) await this.#host.storage.setAlarm(at);
  }
}
