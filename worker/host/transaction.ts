import type { LogEvent } from '../../shared/events.ts';
import type { Delta, EdgeFrame } from '../../shared/frames.ts';
import { directory } from '../directory/directory.ts';
import { setLive } from '../directory/projection.ts';
import type { Env } from '../env.ts';
import type { Done } from './actions/changes.ts';
import type { Log } from './log/log.ts';
import type { Recorded } from './record/record.ts';
import type { Reply } from './replies.ts';
import { getMeta, setMeta } from './tables.ts';
import { isQuiet, nextDue, noteProjection, noteQuiet } from './upkeep/due.ts';
import { checkDirectory, projectMissions } from './upkeep/projection.ts';
import { closeStale, staleHours } from './upkeep/stale.ts';
import type { Viewers } from './viewers/viewers.ts';

/** Events that change neither what runs nor what waits: nearly all there are while a turn runs. */
const leavesRuns: ReadonlySet<string> = new Set<LogEvent['type']>([
  'part.opened',
  'part.blind',
  'part.checkpoint',
  'part.closed',
  'tool.called',
  'tool.result',
  'turn.cost',
  'turn.todos',
  'turn.error',
]);

/** What a step wrote, and what was in the making. */
export interface Step {
  recorded: Recorded[];
  touched: string[];
  deltas?: Delta[];
  /** The host gets an answer that names the new head of the log. */
  answered?: boolean;
}

/** The one way the object changes: a transaction, then its consequences outside. */
export class Steps {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #log: Log;
  readonly #viewers: Viewers;
  readonly #tellHost: (frame: EdgeFrame) => void;
  readonly #staleHours: number | null;
  #projecting: Promise<void> = Promise.resolve();

  /** `tellHost` sends a frame to the host, if it is here. */
  constructor(ctx: DurableObjectState, env: Env, log: Log, viewers: Viewers, tellHost: (frame: EdgeFrame) => void) {
    this.#ctx = ctx;
    this.#env = env;
    this.#log = log;
    this.#viewers = viewers;
    this.#tellHost = tellHost;
    this.#staleHours = staleHours(env.STALE_MISSION_HOURS);
  }

  get host(): string {
    const name = this.#ctx.id.name;
    if (name === undefined) throw new Error('a Host object is always addressed by its server id');
    return name;
  }

  /** Runs one step: everything in `change` commits, or nothing. Viewers see it after the commit. */
  run<T extends Step>(change: () => T): T {
    let step: T;
    try {
      step = this.#ctx.storage.transactionSync(change);
    } catch (cause) {
      this.#log.reload();
      throw cause;
    }
    const touched = [
      ...step.touched,
      ...step.recorded.flatMap(({ row }) => (leavesRuns.has(row.event.type) ? [] : (row.mission ?? []))),
    ];
    this.#viewers.show({ recorded: step.recorded, deltas: step.deltas ?? [], touched });
    if (step.recorded.length === 0) return step;
    // What people did at the edge is in no row that the host sends. Only the head of the log, which the host repeats in
    // `hello`, tells a restored older copy of this object that it lacks something.
    if (!step.answered) this.#tellHost({ type: 'head', segment: this.#log.segment, seq: this.#log.head });
    // Text and tools of a turn that runs change nothing that is due.
    this.#ctx.waitUntil(touched.length > 0 ? this.projected() : this.#project());
    return step;
  }

  /** The same for a request, returning its answer. */
  take<T>(request: () => Done<T>): Reply<T> {
    return this.run(request).answer;
  }

  /** Resolves when D1 has what the log had at the call; a failure is retried by the alarm and is not the caller's. */
  async projected(): Promise<void> {
    await this.#project();
    await this.#arm();
  }

  /** At each `hello`: mends a directory that was replaced by an older copy. Its failure must not keep the host away. */
  async checkDirectory(): Promise<void> {
    try {
      await checkDirectory(directory(this.#env), this.#ctx.storage.sql, this.#log, this.host);
    } catch (cause) {
      console.error(JSON.stringify({ level: 'error', event: 'directory.check_failed', cause: String(cause) }));
    }
    this.#ctx.waitUntil(this.projected());
  }

  /** Ends every stream: their cursors are of a log that is no more, and they start anew with a `reset`. */
  dismissViewers(): void {
    this.#viewers.dismiss();
  }

  /** Awaited before the first command goes out, so that `running` never misses a live server (protocol §7). */
  async live(): Promise<void> {
    if (getMeta(this.#ctx.storage.sql, 'live') === '1') return;
    await setLive(directory(this.#env), this.host, true);
    setMeta(this.#ctx.storage.sql, 'live', '1');
  }

  /** The alarm's work, all that is due (due.ts): closing stale missions, projection, saying that a server has become quiet. */
  async settle(): Promise<void> {
    const { sql } = this.#ctx.storage;
    const hours = this.#staleHours;
    if (hours !== null) this.run(() => closeStale(sql, this.#log, hours, Date.now()));
    await this.#project();
    if (isQuiet(sql, Date.now())) {
      setMeta(sql, 'live', '0');
      await setLive(directory(this.#env), this.host, false);
    }
    await this.#arm();
  }

  #project(): Promise<void> {
    this.#projecting = this.#projecting.then(async () => {
      let worked = true;
      try {
        await projectMissions(directory(this.#env), this.#ctx.storage.sql, this.#log, this.host);
      } catch (cause) {
        worked = false;
        console.error(JSON.stringify({ level: 'error', event: 'projection.failed', cause: String(cause) }));
      }
      noteProjection(this.#ctx.storage.sql, worked, Date.now());
      if (!worked) await this.#arm();
    });
    return this.#projecting;
  }

  /** Sets the alarm for what is due next. An earlier one stays: it finds nothing to do, and arms anew. */
  async #arm(): Promise<void> {
    const { sql } = this.#ctx.storage;
    noteQuiet(sql, Date.now());
    const due = nextDue(sql, this.#staleHours);
    if (due === null) return;
    const armed = await this.#ctx.storage.getAlarm();
    if (armed === null || due < armed) await this.#ctx.storage.setAlarm(due);
  }
}
