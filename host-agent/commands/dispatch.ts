import type { AnswerCommand, Command, OrderCommand } from '../../shared/commands.ts';
import type { LiveTurn } from '../../shared/events.ts';
import { noUsage } from '../../shared/events.ts';
import type { Interrupt } from '../../shared/frames.ts';
import { type CommandId, type MissionId, missionId, type TurnId } from '../../shared/ids.ts';
import type { HandsEvent } from '../hands/told.ts';
import type { MissionContext } from '../missions/context.ts';
import { MissionRunner } from '../missions/runner/runner.ts';
import { endCancelled } from '../missions/runner/turn.ts';
import { type Trouble, trouble } from '../process/trouble.ts';
import { StoreFull } from '../store/transaction.ts';
import type { TurnRecord } from '../store/turns.ts';
import { Answers } from './answers.ts';
import { Orders } from './orders.ts';

/**
 * Brings commands to their missions: one message of a mission at a time, missions side by side, nothing before the
 * first `welcome` (protocol §4). What is to be done is read from the inbox each time, so a lost call loses nothing.
 */
export class Dispatch {
  readonly #context: MissionContext;
  readonly #runners = new Map<MissionId, MissionRunner>();
  /**
   * Commands that were here when this process started: a store that is an older copy does not know what became of them.
   */
  readonly #inherited: ReadonlySet<CommandId>;
  /**
   * Commands that the edge does not wait for (any more), and cancel wishes that could not be stored because the disk
   * was full.
   */
  readonly #unwanted = new Set<CommandId>();
  readonly #wishes = new Set<CommandId>();
  readonly #answers: Answers;
  readonly #orders: Orders;
  readonly #starting: Trouble;
  #isWelcome = false;

  constructor(context: MissionContext) {
    this.#context = context;
    this.#starting = trouble(context.log, 'commands.not_started');
    this.#answers = new Answers(context, (mission) => this.#runners.get(mission)?.resume());
    this.#orders = new Orders(context, {
      of: (mission) => this.#runner(mission),
      drop: (mission) => this.#dropRunner(mission),
    });
    this.#inherited = new Set(context.store.inbox.open().map(({ id }) => id));
    context.store.outbox.on('room', () => this.#resume());
  }

  /** Attaches to the turns that were running when this host-agent last stopped; that is no start of a command. */
  attach(): void {
    const { store } = this.#context;
    const open = new Map(store.inbox.open().map((command) => [command.id, command]));
    for (const record of store.turns.live()) {
      const command = open.get(record.command);
      const runner = this.#runner(record.mission);
      if (command?.kind === 'message' && runner.isFree()) runner.attach(record, command);
      else this.#endOrphan(record);
    }
  }

  /**
   * The edge's `welcome`: its interrupts were handed over before. `wanted`: the commands it waits for. Any other that
   * is here has ended there, or was never heard of there: our store, or the edge's, is an older copy. Then it must not
   * start (protocol §6).
   */
  welcome(wanted?: readonly CommandId[]): void {
    this.#isWelcome = true;
    this.#unwanted.clear();
    if (wanted) {
      const known = new Set(wanted);
      for (const { id } of this.#context.store.inbox.open()) if (!known.has(id)) this.#unwanted.add(id);
    }
    for (const runner of this.#runners.values()) {
      const current = runner.current();
      if (current) runner.welcome(!this.#unwanted.has(current));
    }
    this.#resume();
  }

  /** OpenCode is there (again): messages that waited for it may begin. */
  openCodeIsThere(): void {
    this.#resume();
    void this.#context.parking.look();
  }

  /** Something that a call of the hands did; of a mission that rests nobody wants to know it. */
  heard(event: HandsEvent): void {
    const mission = missionId.safeParse(event.mission).data;
    if (mission) this.#runners.get(mission)?.heard(event);
  }

  /** True for a mission that nothing is done for, and whose session nobody follows. */
  isResting(mission: MissionId): boolean {
    return this.#runners.get(mission)?.isResting() ?? true;
  }

  /** True while no turn of a mission runs or is being started. */
  isFree(mission: MissionId): boolean {
    return this.#runners.get(mission)?.isFree() ?? true;
  }

  /** Commands that are new in the inbox. */
  commands(): void {
    this.next();
  }

  /** The wish to cancel is stored, unless the disk is full. A command that has not started never will. */
  interrupt({ mission, command }: Interrupt): void {
    if (!this.#context.store.inbox.isCancelled(command)) this.#wishes.add(command);
    this.#runners.get(mission)?.cancel(command);
    this.next();
  }

  /** Turns that were ended at the edge while we were away: nobody waits for them any more. */
  endedTurns(turns: readonly TurnId[]): void {
    for (const live of this.#context.live.list()) {
      if (!turns.includes(live.turn)) continue;
      const record = this.#context.store.turns.ofCommand(live.command);
      if (!record) continue;
      this.#storeWish({ mission: record.mission, command: live.command });
      this.#runners.get(record.mission)?.cancel(live.command);
    }
  }

  /**
   * Idle missions give their OpenCode instance back, because it has not seen a change; busy ones do when their turn has
   * ended.
   */
  renew(): void {
    for (const runner of this.#runners.values()) void runner.retire();
  }

  /** Live turns and their sessions, for `hello` and `turns`. */
  report(): { turns: LiveTurn[]; sessions: { source: string; session: string }[] } {
    return {
      turns: this.#context.live.list(),
      sessions: [...this.#runners.values()].flatMap((runner) => runner.sessions()),
    };
  }

  /** Starts what may start: of each mission without a turn the first open command. */
  next(): void {
    try {
      this.#startOpen();
    } catch (error) {
      this.#starting.failed(error);
    }
  }

  #startOpen(): void {
    const { store, log } = this.#context;
    const taken = new Set<MissionId>();
    for (const command of store.inbox.open()) {
      if (command.kind !== 'message') {
        this.#giveBeside(command);
        continue;
      }
      const runner = this.#runner(command.mission);
      if (runner.current() === command.id) {
        taken.add(command.mission);
        continue;
      }
      try {
        if (this.#unwanted.has(command.id)) this.#drop(command);
        else if (this.#isCancelled(command.id)) endCancelled(this.#context, command);
        else if (this.#mayStart(runner) && !taken.has(command.mission))
          runner.start(command, this.#inherited.has(command.id));
        else taken.add(command.mission);
      } catch (error) {
        // One that can't be begun or ended holds up its own mission only.
        taken.add(command.mission);
        if (error instanceof StoreFull) log.warn('command.waits_for_room', { command: command.id });
        else this.#starting.failed(error);
      }
    }
  }

  /** Stops following everything; turns go on in OpenCode and are attached to by the next start. */
  close(): void {
    this.#answers.close();
    this.#orders.close();
    for (const runner of this.#runners.values()) runner.close();
  }

  /** Answers do not wait until the mission is free, since its agent waits for them; orders see to it themselves. */
  #giveBeside(command: AnswerCommand | OrderCommand): void {
    if (this.#unwanted.has(command.id)) this.#drop(command);
    else if (!this.#isWelcome) return;
    else if (command.kind === 'answer') this.#answers.give(command);
    else this.#orders.give(command);
  }

  #mayStart(runner: MissionRunner): boolean {
    return this.#isWelcome && runner.isFree() && !this.#context.store.outbox.isFull();
  }

  #isCancelled(id: CommandId): boolean {
    return this.#wishes.has(id) || this.#context.store.inbox.isCancelled(id);
  }

  #storeWish(wish: Interrupt): void {
    const { store, log } = this.#context;
    try {
      store.inbox.cancel(wish);
    } catch (error) {
      if (!(error instanceof StoreFull)) throw error;
      log.warn('command.wish_not_stored', { ...wish, error }); // The edge repeats it, and stopping needs no disk.
    }
  }

  /** Drops a command without reporting an end: the edge has ended it already, or never had it. */
  #drop({ id, mission }: Command): void {
    const { store, log } = this.#context;
    store.inbox.drop(id);
    this.#unwanted.delete(id);
    log.warn('command.dropped', { mission, command: id, text: 'The edge does not wait for it (any more).' });
  }

  #resume(): void {
    for (const runner of this.#runners.values()) runner.resume();
    this.next();
  }

  #dropRunner(mission: MissionId): void {
    const runner = this.#runners.get(mission);
    if (!runner?.isFree()) return;
    runner.close();
    this.#runners.delete(mission);
  }

  #runner(mission: MissionId): MissionRunner {
    const known = this.#runners.get(mission);
    if (known) return known;
    const onRest = (): void => {
      // Whoever needs it makes a new one: a server has seen more missions than it should remember.
      this.#runners.delete(mission);
      void this.#context.parking.look();
    };
    const onFree = (): void => {
      this.#idles(mission);
      this.next();
    };
    const runner = new MissionRunner(this.#context, mission, onFree, onRest);
    this.#runners.set(mission, runner);
    return runner;
  }

  /** A mission has become idle: it is the last of the map, and those that are first of too many rest. */
  #idles(mission: MissionId): void {
    const runner = this.#runners.get(mission);
    if (runner && this.#runners.delete(mission)) this.#runners.set(mission, runner);
    const idle = [...this.#runners.values()].filter((each) => each.isFree());
    for (const each of idle.slice(0, Math.max(0, idle.length - this.#context.parking.mostIdle))) void each.retire();
  }

  /** A turn without its command, or a second one of a mission: a store that was tampered with, but it has to end. */
  #endOrphan({ mission, command, turn }: TurnRecord): void {
    const { store, clock, log } = this.#context;
    log.error('turn.orphan', { mission, command, turn });
    const text = 'The host-agent lost what it needs to go on with this turn.';
    const event = {
      type: 'turn.ended' as const,
      command,
      turn,
      outcome: 'interrupted' as const,
      answer: [],
      text,
      model: null,
      usage: noUsage,
    };
    store.outbox.append([{ at: clock.now(), mission, event }], () => {
      store.turns.end(turn, clock.now());
      store.inbox.end(command);
    });
  }
}
