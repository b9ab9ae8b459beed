import { Window } from '../../shared/channels/credit.ts';

/** A sender could else fill memory with single bytes, each of which costs some hundred: on average it has this many. */
const maxParts = 4_096;

/**
 * The receiving end of bytes that come in pieces: it grants a window of them and, as they are read, more. Whoever sends
 * beyond that is refused, so that what is held here is bounded whatever the number of bytes.
 */
export interface Inflow {
  /** Grants the first window. */
  open(): void;
  /** False when it was not granted, or came behind the end: then the whole transfer has to end. */
  arrived(part: Uint8Array): boolean;
  /** All has come. */
  end(): void;
  /** Nothing more will come: reading throws this, at once. */
  fail(error: Error): void;
  /** What comes, in order, for one reader. */
  read(): AsyncGenerator<Uint8Array, void>;
}

export const createInflow = (grant: (bytes: number) => void): Inflow => {
  const window = new Window(grant);
  const queue: Uint8Array[] = [];
  let failure: Error | null = null;
  let isWhole = false;
  let wake = (): void => undefined;
  return {
    open: () => window.open(),
    arrived: (part) => {
      if (isWhole || !window.arrived(part.length) || queue.length >= maxParts) return false;
      queue.push(part);
      wake();
      return true;
    },
    end: () => {
      isWhole = true;
      wake();
    },
    fail: (error) => {
      failure ??= error;
      wake();
    },
    read: async function* () {
      for (;;) {
        if (failure) throw failure;
        const part = queue.shift();
        if (part) {
          yield part;
          // The reader asks for the next one, so it is done with this: its bytes can be granted again.
          window.taken(part.length);
        } else if (isWhole) return;
        else {
          const { promise, resolve } = Promise.withResolvers<void>();
          wake = resolve;
          await promise;
        }
      }
    },
  };
};
