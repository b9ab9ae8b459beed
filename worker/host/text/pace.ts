import { thinkingCharsPerSecond, thinkingMinMs } from '../../../shared/limits.ts';

/**
 * Decides when the default rendering may send an open part's text again. It is always sent whole, so the pause grows
 * with its length; else the bytes sent would grow with the square of the length (protocol §5). In memory only: after an
 * eviction the text may be sent at once.
 */
export class ThinkingPace {
  readonly #lastMs = new Map<string, number>();

  isDue(part: string, length: number, nowMs: number): boolean {
    const last = this.#lastMs.get(part);
    const pauseMs = Math.max(thinkingMinMs, (length / thinkingCharsPerSecond) * 1000);
    if (last !== undefined && nowMs - last < pauseMs) return false;
    this.#lastMs.set(part, nowMs);
    return true;
  }

  /** Whether anything of the part was sent since this object was built. */
  wasShown(part: string): boolean {
    return this.#lastMs.has(part);
  }

  drop(part: string): void {
    this.#lastMs.delete(part);
  }
}
