import { windowBytes, windowEvents } from '../../shared/limits.ts';
import type { Position, StoredRow } from '../store/outbox.ts';

/** What the sender reads of the outbox. */
export interface OutboundRows {
  head(): Position;
  headOf(run: string): number;
  ackedOf(run: string): number;
  pendingRuns(): string[];
  page(run: string, n: number, maxRows: number, maxBytes: number): StoredRow[];
}

export type Outgoing =
  | { kind: 'rows'; run: string; from: number; items: string[] }
  | { kind: 'gap'; run: string; from: number; to: number };

/** One frame is at most this much plus one row, so that the pause at `pauseBytes` comes within two frames. */
const batchBytes = 1024 * 1024;

interface InFlight {
  run: string;
  to: number;
  events: number;
  bytes: number;
}

/**
 * Decides which rows go next in one session: older runs first, then the current one; n without a hole, beginning after
 * the n that `welcome` named; never more than a window unacknowledged (protocol §3). Rows that were pruned before the
 * edge took them (it was rolled back) are announced as a gap.
 */
export class Sender {
  readonly #rows: OutboundRows;
  readonly #current: string;
  /** Runs that still have rows to send, in order. */
  readonly #runs: string[];
  /** Last n sent of each run. */
  readonly #sent = new Map<string, number>();
  #inFlight: InFlight[] = [];

  /** `known`: what `welcome` says the edge has. A run it does not name goes on after our own last acknowledged row. */
  constructor(rows: OutboundRows, known: readonly Position[]) {
    this.#rows = rows;
    this.#current = rows.head().run;
    this.#runs = [...rows.pendingRuns().filter((run) => run !== this.#current), this.#current];
    for (const run of this.#runs) this.#sent.set(run, rows.ackedOf(run));
    for (const { run, n } of known) if (this.#sent.has(run)) this.#sent.set(run, Math.min(n, rows.headOf(run)));
  }

  /** The next frame's worth, counted as sent; null when everything is sent or the window is full. */
  next(): Outgoing | null {
    const run = this.#runWithRows();
    if (run === null) return null;
    const after = this.#sent.get(run) ?? 0;
    const room = this.#room();
    if (room.events <= 0 || room.bytes <= 0) return null;
    const page = this.#rows.page(run, after, room.events, Math.min(room.bytes, batchBytes));
    const from = after + 1;
    const first = page[0]?.n ?? this.#rows.headOf(run) + 1;
    if (first > from) {
      this.#sent.set(run, first - 1);
      return { kind: 'gap', run, from, to: first - 1 };
    }
    const rows = page.filter((row, index) => row.n === from + index);
    const to = from + rows.length - 1;
    this.#sent.set(run, to);
    this.#inFlight.push({ run, to, events: rows.length, bytes: rows.reduce((sum, row) => sum + row.bytes, 0) });
    return { kind: 'rows', run, from, items: rows.map((row) => row.item) };
  }

  /**
   * Everything of `run` up to `n` is committed at the edge: opens the window again. False for rows that were never
   * sent.
   */
  acked(run: string, n: number): boolean {
    if (n > (this.#sent.get(run) ?? Number.NEGATIVE_INFINITY)) return false;
    this.#inFlight = this.#inFlight.filter((each) => each.run !== run || each.to > n);
    return true;
  }

  /** The last n of the current run that went out; deltas may follow rows, never lead (protocol §3). */
  sentOfCurrent(): Position {
    return { run: this.#current, n: this.#sent.get(this.#current) ?? 0 };
  }

  #runWithRows(): string | null {
    for (;;) {
      const run = this.#runs[0];
      if (run === undefined) return null;
      if ((this.#sent.get(run) ?? 0) < this.#rows.headOf(run)) return run;
      if (run === this.#current) return null;
      this.#runs.shift();
    }
  }

  #room(): { events: number; bytes: number } {
    return {
      events: windowEvents - this.#inFlight.reduce((sum, each) => sum + each.events, 0),
      bytes: windowBytes - this.#inFlight.reduce((sum, each) => sum + each.bytes, 0),
    };
  }
}
