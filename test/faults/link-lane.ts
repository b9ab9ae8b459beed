import WebSocket from 'ws';
import type { Direction, Faults, Frame } from './link-faults.ts';

type Waiting = { dueMs: number } & ({ frame: Frame } | { close: { code: number; reason: string } });

/** Codes that a peer may not send in a close frame (RFC 6455 §7.4): the connection just ended. */
const isSendable = (code: number): boolean => code === 1000 || (code >= 3000 && code <= 4999) || code === 1011;

/** One direction of one connection: frames pass in order, each as late as the faults want it. */
export class Lane {
  readonly #faults: Faults;
  readonly #direction: Direction;
  readonly #to: WebSocket;
  readonly #isDead: () => boolean;
  #waiting: Waiting[] = [];
  #stands = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(faults: Faults, direction: Direction, to: WebSocket, isDead: () => boolean) {
    this.#faults = faults;
    this.#direction = direction;
    this.#to = to;
    this.#isDead = isDead;
  }

  take(frame: Frame): void {
    if (this.#isDead()) return;
    const { counts } = this.#faults;
    if (this.#faults.drops(this.#direction, frame)) {
      counts.dropped++;
      return;
    }
    const delayMs = this.#faults.delayMs();
    if (delayMs > 0) counts.delayed++;
    const dueMs = performance.now() + delayMs;
    this.#waiting.push({ dueMs, frame });
    if (this.#faults.duplicates(this.#direction, frame)) {
      counts.duplicated++;
      this.#waiting.push({ dueMs, frame });
    }
    this.flow();
  }

  /** The other end has closed; passed on behind the frames that wait. */
  close(code: number, reason: string): void {
    this.#waiting.push({ dueMs: 0, close: { code, reason } });
    this.flow();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
  }

  /** Passes on what is due. */
  flow(): void {
    clearTimeout(this.#timer);
    if (!this.#faults.isHolding()) this.#stands = false;
    while (!this.#isDead() && !this.#stands) {
      const next = this.#waiting[0];
      if (!next) return;
      const waitMs = next.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.flow(), waitMs);
        return;
      }
      if ('frame' in next && this.#holds(next.frame)) return;
      this.#waiting.shift();
      this.#pass(next);
    }
  }

  #holds(frame: Frame): boolean {
    if (!this.#faults.holds(this.#direction, frame)) return false;
    this.#stands = true;
    this.#faults.counts.held++;
    this.#faults.tellHeld(this.#direction, frame);
    return true;
  }

  #pass(next: Waiting): void {
    if ('close' in next) {
      const { code, reason } = next.close;
      if (isSendable(code)) this.#to.close(code, reason);
      else this.#to.terminate();
      return;
    }
    if (this.#to.readyState !== WebSocket.OPEN) return;
    this.#to.send(next.frame.text, { binary: next.frame.isBinary });
    this.#faults.tellPassed(this.#direction, next.frame);
  }
}
