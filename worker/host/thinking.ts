import { thinkingCharsPerSecond, thinkingMinMs } from '../../shared/limits.ts';

/**
 * When the default rendering may repeat an open part's text: it is sent whole each time, so the pause grows with its
 * length, or the bytes of an answer would grow with its square (protocol §5). Memory only: after an eviction the next is due at once.
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
