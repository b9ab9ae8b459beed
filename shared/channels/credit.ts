import { transferWindowBytes } from '../limits.ts';

/** How many taken bytes are gathered before they are granted again; smaller grants would cost a message per chunk. */
const grantBytes = transferWindowBytes / 4;

/** The sender's side of a channel: how much it may send now. */
export class Credit {
  #left = 0;
  #failure: Error | null = null;
  #wake: (() => void) | null = null;

  grant(bytes: number): void {
    this.#left += bytes;
    this.#wake?.();
  }

  /** Ends every wait with this error. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }

  /**
   * Waits until so many bytes, at most a window of them, may be sent, and counts them as sent. Throws what the transfer
   * failed with.
   */
  async spend(bytes: number): Promise<void> {
    while (this.#left < bytes && !this.#failure) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    if (this.#failure) throw this.#failure;
    this.#left -= bytes;
  }
}

/** The receiver's side: what it has granted, and the rule that nobody sends more. */
export class Window {
  readonly #grant: (bytes: number) => void;
  #granted = 0;
  #taken = 0;

  constructor(grant: (bytes: number) => void) {
    this.#grant = grant;
  }

  /** The first grant. */
  open(): void {
    this.#granted = transferWindowBytes;
    this.#grant(transferWindowBytes);
  }

  /**
   * False when the sender sent more than it was granted: then nothing bounds what it sends, and the transfer has to
   * end.
   */
  arrived(bytes: number): boolean {
    this.#granted -= bytes;
    return this.#granted >= 0;
  }

  /** These bytes have left memory here. */
  taken(bytes: number): void {
    this.#taken += bytes;
    if (this.#taken < grantBytes) return;
    this.#granted += this.#taken;
    this.#grant(this.#taken);
    this.#taken = 0;
  }
}
