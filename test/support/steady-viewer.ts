// A dashboard that comes and goes: dials again whatever happens, always from where it was.
import { setTimeout as wait } from 'node:timers/promises';
import { Reading, type Row } from './reading.ts';
import { readStream, type StreamReader } from './sse-reader.ts';

/** Between two dials to an edge that may be away. */
const redialMs = 30;

export class Viewer {
  readonly reading: Reading;
  readonly #url: () => string;
  readonly #headers: Record<string, string>;
  readonly #looking = new Set<() => void>();
  #stream: StreamReader | null = null;
  #isWatching = false;
  #watching: Promise<void> = Promise.resolve();

  /** `url` is asked at each dial, `headers` prove who it is. */
  constructor(rendering: 'default' | 'delta', url: () => string, headers: Record<string, string>) {
    this.reading = new Reading(rendering);
    this.#url = url;
    this.#headers = headers;
  }

  watch(): void {
    this.#isWatching = true;
    this.#watching = this.#keepWatching();
  }

  async leave(): Promise<void> {
    this.#isWatching = false;
    this.#stream?.close();
    await this.#watching;
  }

  /** Resolves when `fits` has become true, which is asked after every event. */
  until(fits: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!fits()) return;
        this.#looking.delete(look);
        resolve();
      };
      this.#looking.add(look);
      look();
    });
  }

  /** The first row, past or coming, that fits; only of a delta viewer. */
  async row(fits: (row: Row) => boolean): Promise<Row> {
    let found: Row | undefined;
    await this.until(() => {
      found ??= [...this.reading.rows.values()].find(fits);
      return found !== undefined;
    });
    if (!found) throw new Error('a row was found and is not there');
    return found;
  }

  async #keepWatching(): Promise<void> {
    while (this.#isWatching) {
      try {
        this.#stream = await this.#dial();
        if (!this.#isWatching) this.#stream.close();
        await this.#stream.ended;
      } catch {
        // The edge is away or frozen: that is what is being tested.
      }
      if (this.#isWatching) await wait(redialMs);
    }
    this.#stream = null;
  }

  #dial(): Promise<StreamReader> {
    const { rendering, position } = this.reading;
    this.reading.joins();
    return readStream(
      `${this.#url()}/api/control/stream?format=${rendering}`,
      { ...this.#headers, ...(position === null ? {} : { 'last-event-id': position }) },
      (event) => {
        try {
          this.reading.take(event);
        } catch (error) {
          this.reading.wrong.push(`an event that can't be read: ${JSON.stringify(event)} (${error})`);
        }
        for (const look of this.#looking) look();
      },
    );
  }
}
