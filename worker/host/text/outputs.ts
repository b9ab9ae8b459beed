import { type Allowance, allowedAt, fullAllowance } from '../../../shared/allowance.ts';
import type { Output } from '../../../shared/frames.ts';
import { outputShownPerSecond, outputTailChars } from '../../../shared/limits.ts';
import { endOf } from '../../../shared/text.ts';

/**
 * Calls of one owner of which the end is kept, and owners: those that printed last. With `outputTailChars` 8 to 16 MB
 * at most.
 */
const maxCalls = 16;
const maxOwners = 32;

interface Owners {
  /** By mission and call; the one that printed last is the last. */
  tails: Map<string, Output>;
  allowance: Allowance;
}

/**
 * What running tool calls print, for viewers: the end of each, in memory alone. After an eviction it begins with what
 * comes then, and `off` says how much was before (protocol §3 "Live output").
 */
export class LiveOutputs {
  /** In the order of whose calls printed last. */
  readonly #owners = new Map<string, Owners>();

  /** Takes a piece; out: what of it is new, or null. */
  add(owner: string, piece: Output, nowMs: number): Output | null {
    const { tails } = this.#of(owner, nowMs);
    const key = keyOf(piece);
    const before = tails.get(key);
    const end = before ? before.off + before.text.length : 0;
    // After a dial the host says again what may have been missed.
    const off = before ? Math.max(end, piece.off) : piece.off;
    const text = piece.text.slice(off - piece.off);
    if (text === '') return null;
    const whole = before && end === off ? before.text + text : text;
    const tail = endOf(whole, outputTailChars);
    tails.delete(key);
    tails.set(key, { ...piece, off: off + text.length - tail.length, text: tail });
    for (const oldest of [...tails.keys()].slice(0, -maxCalls)) tails.delete(oldest);
    return { ...piece, off, text };
  }

  /**
   * Whether a piece may be shown to so many streams of an owner now. Who has hundreds and prints without end is shown
   * the less of it, and nobody else.
   */
  mayShow(owner: string, { text }: Output, streams: number, nowMs: number): boolean {
    const of = this.#of(owner, nowMs);
    of.allowance = allowedAt(of.allowance, outputShownPerSecond, nowMs);
    if (of.allowance.left <= 0) return false;
    of.allowance.left -= text.length * streams;
    return true;
  }

  /** The call has its result. */
  end(owner: string, mission: string, call: string): void {
    this.#owners.get(owner)?.tails.delete(keyOf({ mission, call }));
  }

  /** Nothing of the mission runs. */
  endAll(mission: string): void {
    for (const { tails } of this.#owners.values())
      for (const [key, tail] of tails) if (tail.mission === mission) tails.delete(key);
  }

  /** Of whoever owns these calls: what each has printed, its end. */
  of(owner: string): Output[] {
    return [...(this.#owners.get(owner)?.tails.values() ?? [])];
  }

  #of(owner: string, nowMs: number): Owners {
    const known = this.#owners.get(owner) ?? {
      tails: new Map(),
      allowance: fullAllowance(outputShownPerSecond, nowMs),
    };
    this.#owners.delete(owner);
    this.#owners.set(owner, known);
    for (const oldest of [...this.#owners.keys()].slice(0, -maxOwners)) this.#owners.delete(oldest);
    return known;
  }
}

const keyOf = ({ mission, call }: Pick<Output, 'mission' | 'call'> | { mission: string; call: string }): string =>
  `${mission} ${call}`;
