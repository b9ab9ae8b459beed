import { wait } from '../../shared/clock.ts';
import type { OrderCommand } from '../../shared/commands.ts';
import { assertNever } from '../../shared/errors.ts';
import type { HostEvent } from '../../shared/events.ts';
import type { CommandId, MissionId } from '../../shared/ids.ts';
import type { MissionContext } from '../missions/context.ts';
import type { MissionRunner } from '../missions/runner/runner.ts';
import { speakable } from '../missions/transcript/error-text.ts';
import { clean } from '../missions/transcript/rows.ts';
import { OpenCodeAway, OpenCodeRefused } from '../opencode/api/failure.ts';
import { trouble } from '../process/trouble.ts';
import { StoreFull } from '../store/transaction.ts';

/** The runners of missions, as far as an order concerns them. */
export interface Runners {
  of(mission: MissionId): MissionRunner;
  /** Lets go of the mission's runner, if it is free. */
  drop(mission: MissionId): void;
}

/**
 * Does what the edge orders about missions as a whole (protocol §4): each step may be repeated, so one that was
 * interrupted by the end of this process is begun anew, and only its end is stored.
 */
export class Orders {
  readonly #context: MissionContext;
  readonly #runners: Runners;
  readonly #busy = new Set<CommandId>();
  #isClosed = false;
  /** One after the other: removing files is work for the disk, and nobody waits for it. */
  #last: Promise<void> = Promise.resolve();

  constructor(context: MissionContext, runners: Runners) {
    this.#context = context;
    this.#runners = runners;
  }

  /** Sees to it that the order gets its end; giving it again changes nothing. */
  give(command: OrderCommand): void {
    if (this.#busy.has(command.id)) return;
    this.#busy.add(command.id);
    this.#last = this.#last.then(() => this.#carryOut(command)).finally(() => this.#busy.delete(command.id));
  }

  close(): void {
    this.#isClosed = true;
  }

  async #carryOut(command: OrderCommand): Promise<void> {
    const { store, following, clock, log } = this.#context;
    const trying = trouble(log.with({ mission: command.mission, command: command.id }), 'order.failed');
    while (!this.#isClosed && store.inbox.isOpen(command.id)) {
      let reason: unknown = 'the mission works';
      try {
        if (await this.#try(command)) return;
      } catch (error) {
        if (this.#isClosed) return;
        if (!(error instanceof OpenCodeAway || error instanceof StoreFull)) return this.#fail(command, error);
        reason = error;
      }
      if (this.#isClosed) return;
      const waitMs = trying.failed(reason, 'info');
      await Promise.race([following.nextOpening(), wait(clock, waitMs, undefined, { keepsAlive: false })]);
    }
  }

  /** False when it has to be tried again. Throws OpenCodeAway, StoreFull, and why it can't be done. */
  async #try(command: OrderCommand): Promise<boolean> {
    switch (command.kind) {
      case 'mission.archive':
        await this.#archive(command);
        this.#end(command, 'finished', '');
        return true;
      case 'mission.delete':
        if (!(await this.#remove(command))) return false;
        this.#end(command, 'finished', '', () => this.#context.store.missions.forget(command.mission));
        return true;
      default:
        return assertNever(command);
    }
  }

  /** Of a mission that works again there is nothing to free; an OpenCode that is away holds nothing. */
  async #archive({ mission, args }: OrderCommand): Promise<void> {
    const runner = this.#runners.of(mission);
    if (!runner.isFree()) return;
    await runner.retire(this.#context.store.missions.get(mission)?.directory);
    this.#runners.drop(mission);
    if (args.deleted) await this.#context.hands.end(mission);
  }

  /** False while something of it still runs: the edge has ended that, and its wish to stop it is on its way. */
  async #remove({ mission, args }: OrderCommand): Promise<boolean> {
    const { store, client, parking, preparing, workspaces, removeFiles, hands } = this.#context;
    const runner = this.#runners.of(mission);
    if (!runner.isFree()) return false;
    await runner.retire();
    this.#runners.drop(mission);
    await unlessRefused(() => preparing.forget(mission));
    const record = store.missions.get(mission);
    if (record) {
      // Before the session goes: OpenCode fails where something of it is busy. And after: looking for it boots one.
      await unlessRefused(() => client.disposeInstance(record.directory));
      await unlessRefused(() => client.deleteSession(record.session), 404);
      // The directory may be gone already, which OpenCode refuses.
      await unlessRefused(() => client.disposeInstance(record.directory));
    }
    await parking.forget(mission);
    await hands.forget(mission);
    await removeFiles(workspaces.named(args.workspace), mission, args.owner);
    return true;
  }

  #fail(command: OrderCommand, error: unknown): void {
    this.#context.log.error('order.failed', { mission: command.mission, kind: command.kind, error });
    this.#end(command, 'failed', speakable(error instanceof Error ? error.message : String(error)));
  }

  #end(
    { id, mission, kind }: OrderCommand,
    outcome: 'finished' | 'failed',
    text: string,
    alongside: () => void = () => undefined,
  ): void {
    const { store, clock, redactor } = this.#context;
    const event: HostEvent = { type: 'command.finished', command: id, outcome, text, of: kind };
    store.outbox.append([{ at: clock.now(), mission, event: clean(event, redactor()) }], () => {
      alongside();
      store.inbox.end(id);
    });
  }
}

/** Does it, and takes a refusal (of this status, where one is given) for done. */
const unlessRefused = async (work: () => Promise<unknown>, status?: number): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof OpenCodeRefused) || (status !== undefined && error.status !== status)) throw error;
  }
};
