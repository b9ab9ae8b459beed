import { type Allowance, allowedAt, allowedInMs, fullAllowance } from '../../shared/allowance.ts';
import type { Output } from '../../shared/frames.ts';
import { maxOutputs, outputCharsPerSecond, outputFrameChars, outputTailChars } from '../../shared/limits.ts';
import { endOf } from '../../shared/text.ts';

interface Waiting {
  output: Output;
  owner: string;
  /** The outbox head when it came: its call's row is among those up to here, which go first. */
  after: number;
  /** The call has its result: what does not go with the next frame is of no use. */
  isEnded: boolean;
}

/**
 * What calls print, on its way to viewers. Of each call what follows on is joined, and of what may not go yet only the
 * end is kept; each owner has an allowance, so that a command that prints without end takes nothing from anybody else's
 * text (protocol §3 "Live output").
 */
export class OutputBuffer {
  /** By call; the one that has waited longest is the first. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #allowances = new Map<string, Allowance>();

  /** `after`: the head n of the current run at this moment. */
  add(output: Output, owner: string, after: number): void {
    const before = this.#waiting.get(output.call);
    const isNext = before !== undefined && before.output.off + before.output.text.length === output.off;
    const whole = isNext ? before.output.text + output.text : output.text;
    const text = endOf(whole, outputTailChars);
    const off = output.off + output.text.length - text.length;
    const waiting: Waiting = {
      output: { ...output, off, text },
      owner,
      after: before?.after ?? after,
      isEnded: false,
    };
    this.#waiting.set(output.call, waiting);
  }

  /** The row of the call's result was stored: nothing of its output may follow it. */
  end(call: string): void {
    const waiting = this.#waiting.get(call);
    if (waiting) waiting.isEnded = true;
  }

  /**
   * Takes out what may go once the rows of the current run up to `sentN` have been sent. `nowMs` is a steady clock's.
   */
  take(sentN: number, nowMs: number): Output[] {
    const taken: Output[] = [];
    let chars = 0;
    for (const { output, owner, isEnded } of this.#inTurns(sentN)) {
      const allowance = this.#allowanceOf(owner, nowMs);
      if (allowance.left > 0 && chars < outputFrameChars && taken.length < maxOutputs) {
        taken.push(output);
        chars += output.text.length;
        allowance.left -= output.text.length;
      } else if (!isEnded) continue;
      this.#waiting.delete(output.call);
    }
    this.#forgetFull(nowMs);
    return taken;
  }

  /** How long until `take` gives something; null where nothing waits that may go. */
  waitMs(sentN: number, nowMs: number): number | null {
    let least: number | null = null;
    for (const { owner, after } of this.#waiting.values()) {
      if (after > sentN) continue;
      const ms = allowedInMs(this.#allowanceOf(owner, nowMs), outputCharsPerSecond);
      least = Math.min(least ?? ms, ms);
    }
    return least;
  }

  /** What may go by its rows: one call of each owner, then another of each, so that nobody has a whole frame. */
  #inTurns(sentN: number): Waiting[] {
    const owners = new Map<string, number>();
    const places = [...this.#waiting.values()].flatMap((waiting) => {
      if (waiting.after > sentN) return [];
      const place = owners.get(waiting.owner) ?? 0;
      owners.set(waiting.owner, place + 1);
      return { waiting, place };
    });
    return places.toSorted((a, b) => a.place - b.place).map(({ waiting }) => waiting);
  }

  #allowanceOf(owner: string, nowMs: number): Allowance {
    const known = this.#allowances.get(owner) ?? fullAllowance(outputCharsPerSecond, nowMs);
    const now = allowedAt(known, outputCharsPerSecond, nowMs);
    this.#allowances.set(owner, now);
    return now;
  }

  /** One that is full again is as good as none. */
  #forgetFull(nowMs: number): void {
    for (const [owner, allowance] of this.#allowances)
      if (allowedAt(allowance, outputCharsPerSecond, nowMs).left >= outputCharsPerSecond)
        this.#allowances.delete(owner);
  }
}
