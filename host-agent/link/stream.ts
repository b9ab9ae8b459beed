import type { Cancel, Clock } from '../../shared/clock.ts';
import type { Delta, HostFrame, Output, Welcome } from '../../shared/frames.ts';
import { pauseBytes } from '../../shared/limits.ts';
import type { Outbox } from '../store/outbox.ts';
import { DeltaBuffer } from './deltas.ts';
import { OutputBuffer } from './outputs.ts';
import { Pacing } from './pacing.ts';
import { type Outgoing, Sender } from './sender.ts';

/** The part of a WebSocket that streaming needs. `done` is called when the text has left this process. */
export interface Wire {
  readonly bufferedAmount: number;
  send(text: string, done: () => void): void;
}

/** What flows out after a `welcome`: rows and deltas in paced batches, until the session closes. */
export class Stream {
  readonly #wire: Wire;
  readonly #outbox: Outbox;
  readonly #sender: Sender;
  readonly #pacing: Pacing;
  readonly #deltas = new DeltaBuffer();
  readonly #outputs = new OutputBuffer();
  readonly #failed: (error: unknown) => void;
  readonly #clock: Clock;
  #stopWaiting: Cancel | null = null;
  #stopAllowing: Cancel | null = null;
  #scheduled = false;
  #paused = false;
  #closed = false;

  /** `failed` hears what went wrong while sending, such as an unreadable store; the session should end then. */
  constructor(
    wire: Wire,
    { outbox, clock }: { outbox: Outbox; clock: Clock },
    welcome: Welcome,
    failed: (error: unknown) => void,
  ) {
    this.#wire = wire;
    this.#clock = clock;
    this.#outbox = outbox;
    this.#sender = new Sender(outbox, welcome.runs);
    this.#pacing = new Pacing(welcome.frame_ms);
    this.#failed = failed;
    outbox.on('appended', this.#schedule);
    this.#schedule();
  }

  delta(delta: Delta): void {
    this.#deltas.add(delta, this.#outbox.head().n);
    this.#schedule();
  }

  output(output: Output, owner: string): void {
    this.#outputs.add(output, owner, this.#outbox.head().n);
    this.#schedule();
  }

  outputEnded(call: string): void {
    this.#outputs.end(call);
  }

  /** False for rows that were never sent. */
  acked(run: string, n: number): boolean {
    const isTrue = this.#sender.acked(run, n);
    if (isTrue) this.#schedule();
    return isTrue;
  }

  close(): void {
    this.#closed = true;
    this.#outbox.off('appended', this.#schedule);
    this.#stopWaiting?.();
    this.#stopAllowing?.();
  }

  /** Once per tick, and never inside the transaction or listener that caused it. */
  readonly #schedule = (): void => {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#flow();
    });
  };

  #flow(): void {
    try {
      while (!this.#closed && this.#stopWaiting === null && this.#sendNext());
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Sends one frame; false when there is nothing to send or it is not time yet. */
  #sendNext(): boolean {
    if (this.#wire.bufferedAmount > pauseBytes) {
      this.#paused = true;
      this.#deltas.clear();
      return false;
    }
    const waitMs = this.#pacing.waitMs(this.#clock.steadyMs());
    if (waitMs > 0) {
      this.#stopWaiting = this.#clock.after(waitMs, () => {
        this.#stopWaiting = null;
        this.#flow();
      });
      return false;
    }
    const outgoing = this.#sender.next() ?? this.#onlyDeltas();
    if (!outgoing) return false;
    this.#wire.send(this.#encode(outgoing), this.#sent);
    if (outgoing.kind === 'rows') this.#pacing.sent(this.#clock.steadyMs());
    return true;
  }

  readonly #sent = (): void => {
    if (!this.#paused) return;
    this.#paused = false;
    this.#schedule();
  };

  #onlyDeltas(): Outgoing | null {
    const { run, n } = this.#sender.sentOfCurrent();
    const outputMs = this.#outputs.waitMs(n, this.#clock.steadyMs());
    if (this.#deltas.hasReady(n) || outputMs === 0) return { kind: 'rows', run, from: n + 1, items: [] };
    if (outputMs !== null) this.#allowLater(outputMs);
    return null;
  }

  /** Somebody's commands print more than they may: the rest comes later, and rows and texts do not wait for it. */
  #allowLater(ms: number): void {
    this.#stopAllowing ??= this.#clock.after(ms, () => {
      this.#stopAllowing = null;
      this.#schedule();
    });
  }

  /** Rows are stored as the JSON of a frame item, so a batch is put together without parsing them again. */
  #encode(outgoing: Outgoing): string {
    if (outgoing.kind === 'gap') {
      const { run, from, to } = outgoing;
      return JSON.stringify({ type: 'gap', run, from, to } satisfies HostFrame);
    }
    const { n } = this.#sender.sentOfCurrent();
    const deltas = this.#deltas.take(n);
    const outputs = this.#outputs.take(n, this.#clock.steadyMs());
    const { run, from, items } = outgoing;
    const printed = outputs.length === 0 ? '' : `,"outputs":${JSON.stringify(outputs)}`;
    return `{"type":"batch","run":${JSON.stringify(run)},"from":${from},"items":[${items.join(',')}],"deltas":${JSON.stringify(deltas)}${printed}}`;
  }
}
