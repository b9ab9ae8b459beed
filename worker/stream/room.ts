import { maxIsolateStreams } from '../../shared/limits.ts';

/** The streams that an isolate has room for: what each keeps (sockets, timers, positions) adds up too. */
export class Room {
  readonly #most: number;
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** False when it is full; else a place is taken, until `leave`. */
  enter(): boolean {
    if (this.#taken >= this.#most) return false;
    this.#taken += 1;
    return true;
  }

  leave(): void {
    this.#taken -= 1;
  }
}

/** Where streams are: those that show something, and those that wait until they may. */
export interface Rooms {
  shown: Room;
  waiting: Room;
}

/** Of this isolate. */
export const roomsHere: Rooms = { shown: new Room(maxIsolateStreams), waiting: new Room(maxIsolateStreams) };
