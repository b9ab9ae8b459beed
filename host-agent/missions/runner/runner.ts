import { doubled } from '../../../shared/backoff.ts';
import type { MessageCommand } from '../../../shared/commands.ts';
import type { CommandId, MissionId } from '../../../shared/ids.ts';
import type { HandsEvent } from '../../hands/told.ts';
import type { Durable, OpenCodeEvent } from '../../opencode/api/events.ts';
import { OpenCodeAway } from '../../opencode/api/failure.ts';
import type { Follower } from '../../opencode/api/following.ts';
import type { Log } from '../../process/log.ts';
import { type Trouble, trouble } from '../../process/trouble.ts';
import { StoreFull } from '../../store/transaction.ts';
import type { TurnRecord } from '../../store/turns.ts';
import { type MissionContext, missionTimes } from '../context.ts';
import { Ingest } from '../transcript/ingest.ts';
import { type Prepared, prepare } from './prepare.ts';
import { Resting } from './resting.ts';
import { failUnstarted, isOver, retryMaxMs, retryMinMs, type Starting } from './starting.ts';
import { newRecord, startRows, type Turn, turnOf } from './turn.ts';
import { TurnLoop } from './turn-loop.ts';
import { Wakeup } from './wakeup.ts';

/**
 * One mission on this host: runs its messages one after the other and follows its OpenCode session while it does.
 * `onFree` is called when the next message may start, `onRest` when there was none for long and its instance was given
 * back.
 */
export class MissionRunner implements Follower {
  readonly #context: MissionContext;
  readonly #mission: MissionId;
  readonly #log: Log;
  readonly #onFree: () => void;
  readonly #onRest: () => void;
  #starting: Starting | null = null;
  #run: TurnLoop | null = null;
  #ingest: Ingest | null = null;
  #directory: string | null = null;
  #stopIdling = (): void => undefined;
  #retiring: Promise<void> = Promise.resolve();
  #isClosed = false;
  readonly #ingesting: Trouble;
  readonly #resting: Resting;

  constructor(context: MissionContext, mission: MissionId, onFree: () => void, onRest: () => void) {
    this.#context = context;
    this.#mission = mission;
    this.#log = context.log.with({ mission });
    this.#onFree = onFree;
    this.#onRest = onRest;
    this.#resting = new Resting(context.permissive);
    this.#ingesting = trouble(this.#log, 'mission.ingest_failed');
  }

  isFree(): boolean {
    return this.#starting === null && this.#run === null;
  }

  /** True when nothing is being done and nobody follows its session. */
  isResting(): boolean {
    return this.isFree() && this.#ingest === null;
  }

  /** The command that is being started or run. */
  current(): CommandId | null {
    return this.#starting?.command.id ?? this.#run?.turn.command.id ?? null;
  }

  /** Sessions whose rows the edge may ask about (`hello`). */
  sessions(): { source: string; session: string }[] {
    const [{ following }, ingest] = [this.#context, this.#ingest];
    return ingest && this.#run
      ? following.members(ingest.session).map((session) => ({ source: ingest.source, session }))
      : [];
  }

  /** Starts a message; only while free. One that `mayHaveRun` is sent only if OpenCode's stored state says so. */
  start(command: MessageCommand, mayHaveRun: boolean): void {
    this.#stopIdling();
    this.#starting = { command, mayHaveRun, wakeup: new Wakeup(this.#context.clock), cancelled: false, dropped: false };
    void this.#begin(this.#starting);
  }

  /** Goes on with a turn that was running when this process started. */
  attach(record: TurnRecord, command: MessageCommand): void {
    const turn = turnOf(this.#context, command, record, command.args.agent ?? this.#context.defaults.agent, null);
    const ingest = this.#prepareIngest(record.session);
    ingest.expect(turn.messageID, { command: command.id, turn: record.turn });
    this.#execute(turn, ingest, record.directory, false);
    this.#context.following.follow(record.session, this);
  }

  cancel(command: CommandId): void {
    if (this.#starting?.command.id === command) {
      this.#starting.cancelled = true;
      this.#starting.wakeup.wake();
    }
    if (this.#run?.turn.command.id === command) this.#run.cancel();
  }

  /** The edge says whether it waits for the command that is being started or run. */
  welcome(wanted: boolean): void {
    if (this.#starting && !wanted) {
      this.#starting.dropped = true;
      this.#starting.wakeup.wake();
    }
    this.#run?.welcome(wanted);
  }

  /** The link came up, or the store has room again. */
  resume(): void {
    this.#starting?.wakeup.wake();
    if (!this.#ingest) return;
    if (this.#ingest.isStalled) this.#context.following.reload(this.#ingest.session);
    else this.#safely(() => this.#ingest?.flush());
    this.#run?.wake();
  }

  /** Lets go without ending anything, as this process goes. */
  close(): void {
    this.#isClosed = true;
    this.#stopIdling();
    this.#starting?.wakeup.wake();
    this.#run?.leave();
    this.#unfollow();
  }

  isLive(): boolean {
    return this.#run !== null || this.#ingest?.isStalled === true;
  }

  storedSeq(session: string): number {
    return this.#ingest?.storedSeq(session) ?? -1;
  }

  replay(rows: Durable[]): void {
    this.#resting.unknown();
    this.#safely(() => this.#ingest?.replay(rows));
    this.#run?.heard(rows);
  }

  events(events: OpenCodeEvent[]): void {
    this.#resting.heard(events);
    this.#safely(() => this.#ingest?.events(events));
    this.#run?.heard(events);
  }

  /** Something that a call of the hands did. */
  heard(event: HandsEvent): void {
    this.#safely(() => this.#ingest?.heard(event));
  }

  ready(): void {
    this.#starting?.wakeup.wake();
    this.#run?.ready();
  }

  lost(): void {
    this.#resting.unknown();
    this.#ingest?.lost();
    this.#run?.lost();
  }

  /** An error of ours while taking in events ends the turn, never the process. */
  #safely(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#ingesting.failed(error);
      this.#run?.broke(error);
    }
  }

  async #begin(starting: Starting): Promise<void> {
    const { command, wakeup } = starting;
    let isStored = true;
    try {
      await this.#retiring;
      for (let tries = 0; !this.#isClosed && !(await this.#tryBegin(starting)); tries++) {
        void this.#context.following.nextOpening().then(() => wakeup.wake());
        await wakeup.wait(doubled(retryMinMs, retryMaxMs, tries));
      }
    } catch (error) {
      if (this.#isClosed) return;
      this.#log.error('turn.not_started', { command: command.id, error });
      isStored = await failUnstarted(this.#context, this.#log, starting, error, () => this.#isClosed);
    }
    this.#starting = null;
    if (isStored && this.isFree() && !this.#isClosed) this.#onFree();
  }

  /** False when it has to wait for OpenCode or for room in the store. Throws why OpenCode can't start, where known. */
  async #tryBegin(starting: Starting): Promise<boolean> {
    const { store, client, following } = this.#context;
    try {
      if (isOver(this.#context, starting)) return true;
      if (following.process() === null) {
        const failure = client.failure();
        if (failure !== null) throw new Error(failure);
        return false;
      }
      if (store.outbox.isFull()) return false;
      const prepared = await prepare(this.#context, starting.command, (...place) => this.#isAsBefore(...place));
      if (this.#isClosed) return false;
      return isOver(this.#context, starting) || this.#commit(starting, prepared);
    } catch (error) {
      if (error instanceof OpenCodeAway || error instanceof StoreFull) return false;
      throw error;
    }
  }

  #commit({ command, mayHaveRun }: Starting, { directory, session, agent, model }: Prepared): boolean {
    const { store, following, clock } = this.#context;
    const process = following.process();
    if (process === null) return false;
    const record = newRecord(command, { session, directory, process }, clock.now());
    // The turn is stored before the prompt is sent: a restart finds it and asks OpenCode what became of it.
    store.outbox.append(startRows(this.#context, command, record, { agent, model }), () => {
      store.missions.opened(command.mission);
      store.turns.start(record);
    });
    const turn = turnOf(this.#context, command, record, agent, model);
    const isFollowed = this.#ingest?.session === session;
    const ingest = this.#prepareIngest(session);
    ingest.expect(turn.messageID, { command: command.id, turn: record.turn });
    if (mayHaveRun) this.#judgeFirst(turn, ingest, directory);
    else {
      if (!isFollowed) following.follow(session, this);
      this.#execute(turn, ingest, directory, true);
    }
    return true;
  }

  /**
   * Treats the turn like one that was running before: OpenCode's history decides whether the prompt is sent. Unlike
   * there, it is known that the edge wants it.
   */
  #judgeFirst(turn: Turn, ingest: Ingest, directory: string): void {
    this.#execute(turn, ingest, directory, false);
    this.#run?.welcome(true);
    this.#context.following.unfollow(ingest.session);
    this.#context.following.follow(ingest.session, this);
  }

  #prepareIngest(session: string): Ingest {
    if (this.#ingest?.session !== session) {
      this.#unfollow();
      this.#ingest = new Ingest(this.#context, this.#mission, session);
    }
    return this.#ingest;
  }

  /** True where the turn before has shown what there is, and nothing was heard since. */
  #isAsBefore(session: string, directory: string): boolean {
    const { following } = this.#context;
    return following.isReady(session) && this.#resting.isKnown({ session, directory }, following.process());
  }

  #unfollow(): void {
    this.#resting.unknown();
    if (!this.#ingest) return;
    this.#context.following.unfollow(this.#ingest.session);
    this.#ingest.close();
    this.#ingest = null;
  }

  #execute(turn: Turn, ingest: Ingest, directory: string, isNew: boolean): void {
    this.#directory = directory;
    this.#run = new TurnLoop(this.#context, ingest, turn, isNew, this.#resting);
    void this.#run.run().then(() => {
      if (this.#isClosed) return;
      this.#run = null;
      this.#context.hands.ended(turn.record);
      const { clock, renewal } = this.#context;
      const idleMs = renewal.isDue(directory) ? 0 : missionTimes.idleMs;
      this.#stopIdling = clock.after(idleMs, () => void this.retire(), { keepsAlive: false });
      this.#onFree();
    });
  }

  /**
   * OpenCode never frees a directory's instance by itself; what we know of the session is read again when needed.
   * `known`: where the mission worked, also before this process began.
   */
  retire(known?: string): Promise<void> {
    const directory = this.#directory ?? known ?? null;
    if (!this.isFree() || directory === null || !(this.#ingest || known)) return this.#retiring;
    this.#unfollow();
    this.#retiring = this.#context.client
      .disposeInstance(directory)
      .then(
        () => {
          this.#context.renewal.done(directory);
          this.#log.info('mission.retired', { directory });
        },
        (error: unknown) => this.#log.warn('mission.retire_failed', { directory, error }),
      )
      .then(() => {
        if (this.isResting() && !this.#isClosed) this.#onRest();
      });
    return this.#retiring;
  }
}
