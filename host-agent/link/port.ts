import type { Clock } from '../../shared/clock.ts';
import type { Command } from '../../shared/commands.ts';
import type { LiveTurn } from '../../shared/events.ts';
import type { Delta, Hello, Interrupt, Output, Welcome } from '../../shared/frames.ts';
import type { MissionId, TurnId } from '../../shared/ids.ts';
import type { Log } from '../process/log.ts';
import type { EdgeMemory } from '../store/edge.ts';
import type { Inbox } from '../store/inbox.ts';
import type { Outbox } from '../store/outbox.ts';
import type { Dialling } from './host-file.ts';
import type { LinkTimes } from './times.ts';

/** The state that `hello` and `turns` report. It must describe everything up to the outbox head of the same tick. */
export interface Report {
  turns: LiveTurn[];
  /** Names of OpenCode's agents; null while not known. */
  agents: string[] | null;
  /** Root of the host workspace. */
  workingDir: string;
  /** Missions this server works on at once. */
  slots: number;
  /** Open sessions whose highest known source position is wanted in `welcome`. */
  sessions: Hello['sessions'];
}

export interface LinkOptions {
  hostFile: Dialling;
  agentVersion: string;
  outbox: Outbox;
  inbox: Inbox;
  edge: EdgeMemory;
  clock: Clock;
  log: Log;
  /** Called for every `hello`, `turns` and `capabilities`; must not wait for anything. */
  hello(): Report;
  /** After the interrupts and ended turns of this welcome. No command may start before the first one. Not awaited. */
  onWelcome(welcome: Welcome): Promise<void> | void;
  /** Valid commands that are new here, in order, already in the inbox; never cancelled ones, those have ended. */
  onCommands(commands: Command[]): void;
  /**
   * The wish is already stored (Inbox.isCancelled), unless the disk is full. Repeated in every welcome until the end is
   * in the log.
   */
  onInterrupt(interrupt: Interrupt): void;
  /** Turns that were ended at the edge and may still run here. */
  onEndedTurns(turns: TurnId[]): void;
  /** Missions to make ready before their first message; the complete list, told anew in each session. */
  onPrepare(missions: MissionId[]): void;
  /**
   * Answers a call of the user `owner`, whom an older edge does not name; throw AppError for an expected failure.
   * Answered or failed at once, never stored.
   */
  onCall(method: string, args: unknown, owner: string | undefined): Promise<unknown>;
  /** Shorter times for tests. */
  times?: Partial<LinkTimes>;
}

/** The host's connection to its edge, as the rest of the host-agent sees it. */
export interface Link {
  /** Keeps a session up, dialling again after every loss, until `signal` aborts; then closes and resolves. */
  run(signal: AbortSignal): Promise<void>;
  /**
   * Text for live viewers only; dropped while no session is up. The row that opened its part must be in the outbox
   * already.
   */
  delta(delta: Delta): void;
  /**
   * What a call of this owner's mission prints, for live viewers only; dropped while no session is up. The row of the
   * call must be in the outbox already, and none of its result.
   */
  output(output: Output, owner: string): void;
  /** The row of a call's result is in the outbox: output of it that has not gone by then never goes. */
  outputEnded(call: string): void;
  /** The live turns changed: they are reported. */
  turnsChanged(): void;
  /** The list of agents changed: it is reported. */
  agentsChanged(): void;
  /** True between a `welcome` and the loss of its session. */
  isUp(): boolean;
}
