import type { Cancel } from '../../shared/clock.ts';
import type { HeldLogin } from '../account/hold.ts';
import type { AccountServer } from '../account/servers.ts';
import type { StreamEdge } from './edge.ts';
import type { Room } from './room.ts';

/** A stream for which there was no room asks again after this. */
export const againMs = 60_000;
const fullHere =
  'Too many streams are open at this edge. This one shows nothing until there is room; close those you do not need.';

/** What becomes of a stream that wants to begin. */
export interface AdmissionEnds {
  /** It may show what its user's servers say; then again whenever these change. */
  onServers: (servers: readonly AccountServer[]) => void;
  /** An error for the user rather than a mission. */
  onError: (text: string) => void;
  /** There is no room for it now, because of this; it is asked for again. */
  onFull: (text: string) => void;
  /** Its login has ended, or there is no room to wait in either. */
  onEnd: () => void;
}

/**
 * The place of a stream among the others: of its isolate, and of its user, whose account counts them and says which
 * servers there are. A stream that has none waits for one.
 */
export class Admission {
  readonly #edge: StreamEdge;
  readonly #ends: AdmissionEnds;
  #place: Room | null = null;
  #login: HeldLogin | null = null;
  #stopWaiting: Cancel | null = null;
  #isOver = false;

  constructor(edge: StreamEdge, ends: AdmissionEnds) {
    this.#edge = edge;
    this.#ends = ends;
  }

  ask(): void {
    if (this.#isOver) return;
    if (!this.#moveTo(this.#edge.rooms.shown)) {
      this.#wait(fullHere);
      return;
    }
    this.#login = this.#edge.hold({
      servers: this.#ends.onServers,
      error: this.#ends.onError,
      stream: { most: this.#edge.most, full: (text) => this.#wait(text) },
      ended: this.#ends.onEnd,
    });
  }

  beat(): void {
    this.#login?.beat();
  }

  close(): void {
    this.#isOver = true;
    this.#stopWaiting?.();
    this.#login?.close();
    this.#place?.leave();
    this.#place = null;
  }

  #wait(text: string): void {
    this.#login?.close();
    this.#login = null;
    this.#ends.onFull(text);
    if (this.#isOver) return;
    if (this.#moveTo(this.#edge.rooms.waiting)) this.#stopWaiting = this.#edge.clock.after(againMs, () => this.ask());
    else this.#ends.onEnd();
  }

  /** False when there is no place in that room; then the stream keeps the one it has. */
  #moveTo(room: Room): boolean {
    if (this.#place === room) return true;
    if (!room.enter()) return false;
    this.#place?.leave();
    this.#place = room;
    return true;
  }
}
