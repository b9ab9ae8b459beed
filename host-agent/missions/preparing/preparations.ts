import type { Cancel, Clock } from '../../../shared/clock.ts';
import type { MissionId } from '../../../shared/ids.ts';
import type { Client } from '../../opencode/api/client.ts';
import { OpenCodeAway } from '../../opencode/api/failure.ts';
import type { Model } from '../../opencode/api/prompt.ts';
import { configStamp } from '../../opencode/config/config-stamp.ts';
import type { Log } from '../../process/log.ts';
import { type Trouble, trouble } from '../../process/trouble.ts';
import type { Store } from '../../store/store.ts';
import { StoreFull } from '../../store/transaction.ts';

/** Preparing waits until so long no message has begun: nobody waits for it, and it would slow those who wait. */
const quietMs = 1_000;

interface PreparingParts {
  client: Pick<Client, 'warm' | 'disposeInstance'>;
  store: Pick<Store, 'prepared' | 'missions' | 'inbox'>;
  clock: Clock;
  log: Log;
  /** The OpenCode process that is there, or null. */
  process(): string | null;
  /** Makes the mission's directory ready in the workspace of this machine. Out: its path without symlinks. */
  prepareDirectory(mission: MissionId): Promise<string>;
  /** Removes the mission's directory, unless somebody has put something into it. */
  removeUntouched(mission: MissionId): Promise<void>;
  /** The model of a message that names none, or null. */
  modelIn(directory: string): Promise<Model | null>;
  /** Credentials and settings that OpenCode has told its instances of (providers/renewal.ts). */
  renewal: { isDue(directory: string): boolean; done(directory: string): void };
  /**
   * Files and directories that an instance in this directory is configured by: outside of missions, and in the
   * mission's own tree where OpenCode sees that.
   */
  configPlaces(directory: string): { outside: readonly string[]; inside: readonly string[] };
}

/**
 * The instance of one, and what it is good for: anything else than this process and this configuration is a reason to
 * begin anew.
 */
interface Ready {
  directory: string;
  process: string;
  /** `stale`: its configuration changed while it was made. `stamp`: the configuration that it was made by. */
  state: { is: 'being made' } | { is: 'stale' } | { is: 'made'; stamp: string };
}

/**
 * Makes the directory and OpenCode's instance of missions before their first message, which then waits for neither: of
 * those the edge names (protocol §2 `prepare`), one after the other, in quiet moments. No session is made, so there is
 * nothing that could be made twice. Whatever fails here, the message prepares what it needs itself.
 */
export class Preparations {
  readonly #parts: PreparingParts;
  readonly #ready = new Map<MissionId, Ready>();
  readonly #trouble: Trouble;
  #wanted: readonly MissionId[] | null = null;
  /** Whose files are being made or removed now, or whose instance is given back: a message waits for that. */
  #touching: { mission: MissionId; done: Promise<unknown> } | null = null;
  #isWorking = false;
  /** What is to be taken back once; the rows of the table. */
  readonly #kept: Set<MissionId>;
  #stopWaiting: Cancel = () => undefined;
  #isClosed = false;

  constructor(parts: PreparingParts) {
    this.#parts = parts;
    this.#trouble = trouble(parts.log, 'mission.not_prepared');
    this.#kept = new Set(parts.store.prepared.all());
  }

  /** The edge's list: what is to be ready from here on, and nothing else. */
  want(missions: readonly MissionId[]): void {
    this.#wanted = missions;
    this.look();
  }

  /** Something has changed that instances depend on, or OpenCode is there (again). */
  look(): void {
    this.#lookAfter(quietMs);
  }

  #lookAfter(ms: number): void {
    this.#stopWaiting();
    if (this.#wanted === null || this.#isClosed) return;
    this.#stopWaiting = this.#parts.clock.after(ms, () => void this.#work(), { keepsAlive: false });
  }

  close(): void {
    this.#isClosed = true;
    this.#stopWaiting();
  }

  /**
   * A message of this mission begins: from here on its files are not touched. An instance that has not seen the
   * configuration of now is given back. Throws as Client does.
   */
  async claim(mission: MissionId): Promise<void> {
    this.look();
    const ready = await this.#letGo(mission);
    if (!ready || ready.process !== this.#parts.process()) return;
    // One that is being made began to read its configuration less than a second ago.
    const isBeingMade = ready.state.is === 'being made';
    const isGood = isBeingMade ? !this.#parts.renewal.isDue(ready.directory) : await this.#isCurrent(ready);
    if (isGood) return;
    this.#parts.log.info('mission.prepared_anew', { mission });
    await this.#giveBack(ready);
  }

  /**
   * This mission is deleted: its instance is given back, and its files are not touched any more. Throws as Client does.
   */
  async forget(mission: MissionId): Promise<void> {
    await this.#giveBack(await this.#letGo(mission));
  }

  /** An instance of a process that is no more is gone with it. */
  async #giveBack(ready: Ready | undefined): Promise<void> {
    if (ready && ready.process === this.#parts.process()) await this.#parts.client.disposeInstance(ready.directory);
  }

  async #letGo(mission: MissionId): Promise<Ready | undefined> {
    this.#noLongerKept(mission);
    const ready = this.#ready.get(mission);
    this.#ready.delete(mission);
    if (this.#touching?.mission === mission) await this.#touching.done;
    return ready;
  }

  #noLongerKept(mission: MissionId): void {
    if (!this.#kept.delete(mission)) return;
    try {
      this.#parts.store.prepared.remove(mission);
    } catch (error) {
      // Then a restart looks at it again, and sees that it has begun.
      if (!(error instanceof StoreFull)) throw error;
    }
  }

  async #isCurrent({ directory, process, state }: Ready): Promise<boolean> {
    if (process !== this.#parts.process() || this.#parts.renewal.isDue(directory)) return false;
    return state.is === 'made' && state.stamp === (await this.#stamp(directory));
  }

  async #work(): Promise<void> {
    if (this.#isWorking) return this.look();
    this.#isWorking = true;
    let failure: { error: unknown } | null = null;
    for (const mission of new Set([...this.#kept, ...(this.#wanted ?? [])])) {
      try {
        if (this.#isWanted(mission)) await this.#prepare(mission);
        else if (!this.#isClosed) await this.#takeBack(mission);
      } catch (error) {
        failure = { error }; // One holds up no other.
      }
    }
    this.#isWorking = false;
    if (this.#isClosed) return;
    if (failure === null) this.#trouble.over();
    else this.#lookAfter(this.#trouble.failed(failure.error, failure.error instanceof OpenCodeAway ? 'info' : 'warn'));
  }

  #isWanted(mission: MissionId): boolean {
    return !this.#isClosed && (this.#wanted?.includes(mission) ?? false);
  }

  /** One that has a session or an open message is a mission like any other. */
  #hasBegun(mission: MissionId): boolean {
    const { missions, inbox } = this.#parts.store;
    return missions.get(mission) !== undefined || inbox.open().some((command) => command.mission === mission);
  }

  async #takeBack(mission: MissionId): Promise<void> {
    const ready = this.#ready.get(mission);
    this.#ready.delete(mission);
    if (!this.#hasBegun(mission))
      await this.#touch(mission, async () => {
        await this.#giveBack(ready);
        if (!this.#hasBegun(mission)) await this.#parts.removeUntouched(mission);
      });
    this.#noLongerKept(mission);
  }

  async #prepare(mission: MissionId): Promise<void> {
    const { client, store, renewal, modelIn, prepareDirectory, configPlaces, log } = this.#parts;
    const known = this.#ready.get(mission);
    const process = this.#parts.process();
    if (process === null || store.missions.isOpened(mission) || (known && (await this.#isCurrent(known)))) return;
    if (this.#hasBegun(mission)) return;
    store.prepared.add(mission); // Before there is anything: a restart takes it back.
    this.#kept.add(mission);
    const directory = await this.#touch(mission, async () => {
      await this.#giveBack(known);
      return prepareDirectory(mission);
    });
    if (this.#hasBegun(mission)) return;
    const ready: Ready = { directory, process, state: { is: 'being made' } };
    this.#ready.set(mission, ready);
    renewal.done(directory);
    const before = await configStamp(configPlaces(directory).outside);
    await client.warm(directory, await modelIn(directory));
    const stamp = await this.#stamp(directory);
    const hasChanged = before === null || stamp?.startsWith(before) !== true;
    // One that is stale stays as it is, to be given back by the message.
    ready.state = hasChanged ? { is: 'stale' } : { is: 'made', stamp };
    if (!hasChanged) log.info('mission.prepared', { mission });
  }

  /** The configuration outside of the mission, then its own. */
  async #stamp(directory: string): Promise<string | null> {
    const places = this.#parts.configPlaces(directory);
    const outside = await configStamp(places.outside);
    const inside = await configStamp(places.inside);
    return outside === null || inside === null ? null : `${outside}\n\n${inside}`;
  }

  async #touch<T>(mission: MissionId, work: () => Promise<T>): Promise<T> {
    const running = work();
    this.#touching = { mission, done: running.catch(() => undefined) };
    try {
      return await running;
    } finally {
      this.#touching = null;
    }
  }
}
