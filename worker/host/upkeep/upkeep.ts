import { setLive } from '../../directory/projection.ts';
import { logError } from '../../log.ts';
import type { HostContext, HostDirectory } from '../context.ts';
import { getMeta, setMeta } from '../tables.ts';
import { isQuiet, nextDue, storeProjectionResult, storeQuietSince } from './due.ts';
import { checkDirectory, projectMissions } from './projection.ts';

/** What the object owes the D1 directory, and the alarm that sees to it. */
export class Upkeep {
  readonly #ctx: DurableObjectState;
  readonly #host: HostContext;
  readonly #directory: HostDirectory;
  readonly #staleHours: number | null;
  #projecting: Promise<void> = Promise.resolve();

  /** `staleHours`: after how many hours an idle mission is closed; null for never. */
  constructor(ctx: DurableObjectState, host: HostContext, directory: HostDirectory, staleHours: number | null) {
    this.#ctx = ctx;
    this.#host = host;
    this.#directory = directory;
    this.#staleHours = staleHours;
  }

  /** Resolves when D1 has what the log had at the call; a failure is retried by the alarm and is not the caller's. */
  async projected(): Promise<void> {
    await this.#project();
    await this.#arm();
  }

  /** The same, while nobody waits for it. `changesDue`: what was committed may change what the alarm is set for. */
  projectLater(changesDue: boolean): void {
    this.#ctx.waitUntil(changesDue ? this.projected() : this.#project());
  }

  /** At each `hello`: mends a directory that was replaced by an older copy. Its failure must not keep the host away. */
  async checkDirectory(): Promise<void> {
    try {
      await checkDirectory(this.#host, this.#directory);
    } catch (cause) {
      logError('directory.check_failed', cause);
    }
    this.projectLater(true);
  }

  /** Awaited before the first command goes out, so that `running` never misses a live server (protocol §7). */
  async live(): Promise<void> {
    if (getMeta(this.#host.sql, 'live') === '1') return;
    await setLive(this.#directory.db, this.#directory.host, true);
    setMeta(this.#host.sql, 'live', '1');
  }

  /**
   * The alarm's work (due.ts), after stale missions were closed: projection, and saying that a server has become quiet.
   */
  async settle(): Promise<void> {
    await this.#project();
    if (isQuiet(this.#host.sql, this.#host.now())) {
      setMeta(this.#host.sql, 'live', '0');
      await setLive(this.#directory.db, this.#directory.host, false);
    }
    await this.#arm();
  }

  #project(): Promise<void> {
    this.#projecting = this.#projecting.then(async () => {
      let worked = true;
      try {
        await projectMissions(this.#host, this.#directory);
      } catch (cause) {
        worked = false;
        logError('projection.failed', cause);
      }
      storeProjectionResult(this.#host.sql, worked, this.#host.now());
      if (!worked) await this.#arm();
    });
    return this.#projecting;
  }

  /** Sets the alarm for what is due next. An earlier one stays: it finds nothing to do, and arms anew. */
  async #arm(): Promise<void> {
    storeQuietSince(this.#host.sql, this.#host.now());
    const due = nextDue(this.#host.sql, this.#staleHours);
    if (due === null) return;
    const armed = await this.#host.storage.getAlarm();
    if (armed === null || due < armed) await this.#host.storage.setAlarm(due);
  }
}
