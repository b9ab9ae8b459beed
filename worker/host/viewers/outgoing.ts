import type { Clock } from '../../../shared/clock.ts';
import { logInfo } from '../../log.ts';
import type { Audience } from './audience.ts';

/** What is sent in one go. `chars`: UTF-16 units of all sockets together. */
export interface Slice {
  sockets: number;
  chars: number;
}

/**
 * A frame costs a viewer some 60 µs on its way through pipe, isolate and HTTP, whatever its length, and a megabyte 3
 * ms. Where only one user watches nobody else waits: a batch for a hundred viewers goes out at once.
 */
export const sliceAlone: Slice = { sockets: 100, chars: 1024 * 1024 };
/**
 * Somebody else's frame waits at each of four such steps for what is sent just then, so this keeps it for some 4 ms
 * beside a user with hundreds of streams.
 */
export const sliceBesideOthers: Slice = { sockets: 16, chars: sliceAlone.chars / 2 };

/** Between two slices: as short as a timer can be. */
const pauseMs = 1;
/** Kept for what is sent later, each text once. What is above it goes at once: memory is everybody's too. */
export const maxKeptChars = 4 * 1024 * 1024;

/** A frame, and who has not been sent it yet. */
interface Rest {
  text: string;
  sockets: readonly WebSocket[];
  slice: Slice;
}

/**
 * Frames on their way to viewers. What is much for one audience is sent a slice at a time, between which everything
 * else gets on; each viewer gets its frames in order, and no audience waits for another's. Nothing here outlives the
 * object: a viewer whose frames are lost with it comes back with its cursor.
 */
export class Outgoing {
  readonly #clock: Pick<Clock, 'after'>;
  /** By audience, in the order in which they get their next slice. */
  readonly #rests = new Map<string, Rest[]>();
  #keptChars = 0;
  #isBegun = false;

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  /** Sends a frame to viewers of one audience, now or as soon as those before it are sent. */
  send({ key, sockets }: Pick<Audience, 'key' | 'sockets'>, text: string, slice: Slice): void {
    if (sockets.length === 0) return; // All have seen it: nothing has to be kept behind what they wait for.
    const rests = this.#rests.get(key);
    const frame = { text, sockets, slice };
    const rest = rests ? frame : sendSlice(frame);
    if (rest === null) return;
    if (rests) rests.push(rest);
    else this.#rests.set(key, [rest]);
    this.#keptChars += text.length;
    while (this.#keptChars > maxKeptChars) this.#goOn();
    if (!this.#isBegun && this.#rests.size > 0) this.#later();
  }

  #later(): void {
    this.#isBegun = true;
    this.#clock.after(pauseMs, () => {
      this.#isBegun = false;
      if (this.#goOn()) this.#later();
    });
  }

  /** The next slice. False when everything is sent. */
  #goOn(): boolean {
    const [next] = this.#rests;
    if (!next) return false;
    const [key, [first, ...later]] = next;
    this.#rests.delete(key);
    const rest = first ? sendSlice(first) : null;
    if (rest === null) this.#keptChars -= first?.text.length ?? 0;
    const left = rest === null ? later : [rest, ...later];
    if (left.length > 0) this.#rests.set(key, left);
    return this.#rests.size > 0;
  }
}

/** Sends one slice; out: what is left, or null. */
const sendSlice = ({ text, sockets, slice }: Rest): Rest | null => {
  const many = Math.max(1, Math.min(slice.sockets, Math.floor(slice.chars / Math.max(1, text.length))));
  for (const socket of sockets.slice(0, many)) send(socket, text);
  return sockets.length > many ? { text, sockets: sockets.slice(many), slice } : null;
};

/** A socket that is closing throws; its `webSocketClose` follows, and its viewer resumes by cursor. */
const send = (socket: WebSocket, text: string): void => {
  try {
    socket.send(text);
  } catch (cause) {
    logInfo('viewer.send_failed', cause);
  }
};
