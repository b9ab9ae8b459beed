import { randomUUID } from 'node:crypto';
import type { Sample, SamplePosition } from '../../shared/calls/system.ts';
import type { Cancel, Clock } from '../../shared/clock.ts';
import type { Log } from '../process/log.ts';
import { type Counters, countersIn, type ProcTexts, readProc } from './counters.ts';

/** Contract §7.3: one sample per second, the last 60 are kept. */
const sampleMs = 1_000;
const kept = 60;

/**
 * Measures this machine once per second and keeps the last minute, whether or not somebody watches: a sample costs 0.06
 * ms of processor time (measured on two cores), and a dashboard that opens sees the minute before.
 */
export class Samples {
  readonly #collector = randomUUID();
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #read: () => ProcTexts;
  #samples: Sample[] = [];
  /** Samples ever taken; the last one kept has this number. */
  #taken = 0;
  #before: { counters: Counters; atMs: number } | null = null;

  /** `read` is what the kernel says, other than in tests. */
  constructor(clock: Clock, log: Log, read: () => ProcTexts = readProc) {
    this.#clock = clock;
    this.#log = log;
    this.#read = read;
  }

  /** Measures until `stop` aborts. */
  async run(stop: AbortSignal): Promise<void> {
    if (stop.aborted) return;
    const cancel = this.#clock.every(sampleMs, () => this.#tick(cancel));
    await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
    cancel();
  }

  /** Takes one measurement at `atMs` of a clock that never jumps; the first has nothing to be compared with. */
  measure(atMs: number): void {
    const counters = countersIn(this.#read());
    const before = this.#before;
    this.#before = { counters, atMs };
    if (before === null || atMs <= before.atMs) return;
    this.#samples.push(sampleOf(before.counters, counters, (atMs - before.atMs) / 1000, this.#clock.now()));
    if (this.#samples.length > kept) this.#samples.shift();
    this.#taken += 1;
  }

  /** What came after `position`; everything kept where it is unknown, or of another collector. */
  after(position: SamplePosition | null): { at: SamplePosition; samples: Sample[] } {
    const at = { collector: this.#collector, n: this.#taken };
    const isOurs = position?.collector === this.#collector && position.n <= this.#taken;
    const unseen = isOurs ? Math.min(this.#taken - position.n, this.#samples.length) : this.#samples.length;
    return { at, samples: this.#samples.slice(this.#samples.length - unseen) };
  }

  #tick(cancel: Cancel): void {
    try {
      this.measure(this.#clock.steadyMs());
    } catch (error) {
      // Without /proc there is nothing to measure, now or later.
      this.#log.warn('system.not_measured', { error });
      cancel();
    }
  }
}

const sampleOf = (before: Counters, now: Counters, seconds: number, timestampMs: number): Sample => ({
  cpu_percent: load(before.cpu, now.cpu),
  // A core that was switched on since has nothing to be compared with.
  cpu_cores: now.cores.map((core, index) => load(before.cores[index] ?? core, core)),
  memory_used: now.memoryUsed,
  memory_total: now.memoryTotal,
  memory_percent: percent(now.memoryUsed, now.memoryTotal),
  network_rx_bytes_per_sec: rate(before.received, now.received, seconds),
  network_tx_bytes_per_sec: rate(before.sent, now.sent, seconds),
  timestamp_ms: timestampMs,
});

const load = (before: Counters['cpu'], now: Counters['cpu']): number =>
  percent(now.busy - before.busy, now.total - before.total);

/** With one decimal place. */
const percent = (part: number, whole: number): number =>
  whole <= 0 ? 0 : Math.min(100, Math.max(0, Math.round((part / whole) * 1000) / 10));

/** Counters fall when an interface goes away. */
const rate = (before: number, now: number, seconds: number): number =>
  Math.max(0, Math.round((now - before) / seconds));
