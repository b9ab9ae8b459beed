import type { AnswerCommand } from '../../../shared/commands.ts';
import type { Hello, HostFrame } from '../../../shared/frames.ts';
import type { CommandId, MissionId } from '../../../shared/ids.ts';
import { closeCode, frameMsCloudflare, frameMsEmbedded } from '../../../shared/limits.ts';
import { directory } from '../../directory/directory.ts';
import { mayDial } from '../../directory/hosts.ts';
import { foreignMission, setCapabilities } from '../../directory/projection.ts';
import type { Env } from '../../env.ts';
import { endAll } from '../actions/end-at-edge.ts';
import { concludeAnswers, markReceived, noteAnswersAbsent } from '../asks/answers.ts';
import { close } from '../close-socket.ts';
import type { Log } from '../log/log.ts';
import { runPosition } from '../log/runs.ts';
import { hasOpen, type KeptMessage, markCommand, openCommands, toCommand } from '../messages/messages.ts';
import type { Activity } from '../missions/activity.ts';
import { getMission } from '../missions/missions.ts';
import { storeTurns, turnsReport } from '../missions/reported-turns.ts';
import { nextMessages, setSlots, takeSlots } from '../missions/slots.ts';
import { ingest, ingestGap, openDeltas, unknownMissions } from '../record/ingest.ts';
import type { Recorded } from '../record/record.ts';
import { isRemoved, setRemoved } from '../removed.ts';
import type { Reply } from '../replies.ts';
import { getMeta, setMeta } from '../tables.ts';
import type { Steps } from '../transaction.ts';
import { concludeAbsence, noteAbsence } from './absence.ts';
import { Calls } from './calls.ts';
import { beginNewLog, concludeHeld, hostCopy, rolledBack } from './replaced.ts';
import { type HostSocket, interruptFrame, readHostFrame, sendFrame, welcomeFrame } from './socket.ts';

/** The object's end of the host link: frames in, commands out (protocol §2, §4). */
export class HostLink {
  readonly #ctx: DurableObjectState;
  readonly #sql: SqlStorage;
  readonly #env: Env;
  readonly #log: Log;
  readonly #steps: Steps;
  readonly #socket: HostSocket;
  readonly #calls = new Calls();
  /** When a mission was last heard of; a cache, the reported list is in SQL. */
  readonly #seenAtMs = new Map<string, number>();

  constructor(ctx: DurableObjectState, env: Env, log: Log, steps: Steps, socket: HostSocket) {
    this.#ctx = ctx;
    this.#sql = ctx.storage.sql;
    this.#env = env;
    this.#log = log;
    this.#steps = steps;
    this.#socket = socket;
  }

  accept(socket: WebSocket, epoch: number): void {
    this.#socket.accept(socket, epoch, Date.now());
    // The Worker checked the credential before the dial reached this object; it may have been issued again in between.
    this.#endOlder(Number(getMeta(this.#sql, 'epoch') ?? 0));
  }

  /** Only a credential of this epoch may speak for the server from here on. */
  fence(epoch: number): void {
    setMeta(this.#sql, 'epoch', String(epoch));
    this.#endOlder(epoch);
  }

  #endOlder(epoch: number): void {
    this.#socket.dismiss(epoch, closeCode.staleEpoch, 'credential was issued again: enrol this server');
  }

  /** Stops what the host does, as far as it is here to be told, ends all of it in the log and closes the link for good. */
  remove(): void {
    const inFlight = openCommands(this.#sql, null).filter(({ state }) => state !== 'kept');
    for (const { mission, id } of inFlight) this.interrupt(mission, id);
    this.#steps.run(() => {
      setRemoved(this.#sql, true);
      return { recorded: endAll(this.#sql, this.#log, Date.now()), touched: [] };
    });
    this.#socket.dismiss(Number.POSITIVE_INFINITY, closeCode.unauthorised, 'this server was removed');
  }

  isUp(): boolean {
    return !this.isAway();
  }

  isAway(): boolean {
    return this.#socket.awaySinceMs(this.#sql, Date.now()) !== null;
  }

  closed(socket: WebSocket): void {
    this.#socket.left(this.#sql, socket, Date.now());
    const current = this.#socket.current();
    this.#calls.keepOnly(current === socket ? null : current);
  }

  activity(): Activity {
    return {
      seenAt: (mission) => this.#seenAtMs.get(mission),
      reported: turnsReport(this.#sql),
      awaySinceMs: this.#socket.awaySinceMs(this.#sql, Date.now()),
    };
  }

  async message(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const frame = readHostFrame(socket, this.#socket.state(socket), message);
    if (!frame) return;
    try {
      await this.#take(socket, frame);
    } catch (cause) {
      // Nothing of the frame was stored: the host dials again and repeats it.
      console.error(JSON.stringify({ level: 'error', event: 'frame.failed', type: frame.type, cause: String(cause) }));
      close(socket, closeCode.failed, 'the edge could not store this frame; see its log');
    }
  }

  /** Asks the host something while somebody waits for the answer. */
  call(method: string, args: unknown): Promise<Reply<unknown>> {
    return this.#calls.ask(this.isUp() ? this.#socket.current() : null, method, args);
  }

  /** Asks the host to stop a command; repeated by every `welcome` until the host has ended it. */
  interrupt(mission: MissionId, command: CommandId): void {
    const frame = interruptFrame(this.#sql, mission, command);
    if (frame) this.#socket.send(frame);
  }

  /** Hands an answer over at once; a host that is away gets it in its `welcome`. */
  answer(command: AnswerCommand): void {
    this.#socket.send({ type: 'commands', commands: [command] });
  }

  /** Sends what may start now: the oldest waiting messages of free missions, as many as there are slots. */
  async dispatch(): Promise<void> {
    if (!this.#socket.current() || this.#due().length === 0) return;
    await this.#steps.live();
    // The socket and the queue may have changed while D1 was asked.
    if (!this.#socket.current()) return;
    const due = this.#due();
    const { commands } = this.#steps.run(() => {
      takeSlots(this.#sql, due);
      const sent = due.flatMap((message) => {
        const mission = getMission(this.#sql, message.mission);
        return mission ? [toCommand(message, mission)] : [];
      });
      return { recorded: [], touched: due.map((message) => message.mission), commands: sent };
    });
    if (commands.length > 0) this.#socket.send({ type: 'commands', commands });
  }

  #due(): KeptMessage[] {
    return hasOpen(this.#sql, 'kept') ? nextMessages(this.#sql) : [];
  }

  /**
   * Concludes everything that waited until the log contained certain rows: lost answers, lost commands and turns, held
   * messages.
   */
  #conclude(nowMs: number): Recorded[] {
    concludeAnswers(this.#sql);
    return [...concludeAbsence(this.#sql, this.#log, nowMs), ...concludeHeld(this.#sql, this.#log, nowMs)];
  }

  #ack(socket: WebSocket, run: string, n: number): void {
    sendFrame(socket, { type: 'ack', run, n, segment: this.#log.segment, seq: this.#log.head });
  }

  async #take(socket: WebSocket, frame: HostFrame): Promise<void> {
    const now = Date.now();
    switch (frame.type) {
      case 'hello':
        return this.#hello(socket, frame, now);
      case 'batch': {
        if (!(await this.#mayOpen(socket, unknownMissions(this.#sql, frame)))) return;
        const step = this.#steps.run(() => {
          const result = ingest(this.#ctx.storage, this.#log, frame, now);
          const recorded = result.ok ? [...result.recorded, ...this.#conclude(now)] : [];
          return { result, recorded, touched: [], deltas: openDeltas(this.#sql, frame.deltas), answered: true };
        });
        for (const { mission } of [...step.deltas, ...step.recorded.map(({ row }) => row)]) {
          if (mission !== null) this.#seenAtMs.set(mission, now);
        }
        if (!step.result.ok)
          return close(socket, closeCode.gap, `expected n ${step.result.expected} of run ${frame.run}`);
        if (frame.items.length === 0) return;
        this.#ack(socket, frame.run, step.result.n);
        return this.dispatch();
      }
      case 'gap': {
        const step = this.#steps.run(() => {
          const said = ingestGap(this.#sql, this.#log, frame, now);
          return { said, recorded: said ? [...said, ...this.#conclude(now)] : [], touched: [], answered: true };
        });
        const n = runPosition(this.#sql, frame.run);
        if (step.said === null) return close(socket, closeCode.gap, `expected n ${n + 1} of run ${frame.run}`);
        this.#ack(socket, frame.run, n);
        return this.dispatch();
      }
      case 'received':
        this.#ctx.storage.transactionSync(() => {
          for (const id of frame.ids) {
            markCommand(this.#sql, id, 'received');
            markReceived(this.#sql, id);
          }
        });
        return;
      case 'turns':
        this.#steps.run(() => {
          storeTurns(this.#sql, frame.turns, now);
          noteAbsence(this.#sql, 'turns', frame.at, null, frame.turns);
          return { recorded: this.#conclude(now), touched: [] };
        });
        return this.dispatch();
      case 'capabilities':
        setSlots(this.#sql, frame.slots);
        await setCapabilities(directory(this.#env), this.#steps.host, frame);
        return this.dispatch();
      case 'result':
        return this.#calls.result(socket, frame);
    }
  }

  async #hello(socket: WebSocket, hello: Hello, nowMs: number): Promise<void> {
    if (isRemoved(this.#sql)) {
      // Its dial may have been on the way when it was removed.
      if (!(await mayDial(directory(this.#env), this.#steps.host))) {
        return close(socket, closeCode.unauthorised, 'this server was removed');
      }
      setRemoved(this.#sql, false);
    }
    this.#socket.welcome(socket, crypto.randomUUID());
    this.#calls.keepOnly(socket);
    const reason = rolledBack(this.#sql, this.#log, hello);
    this.#steps.run(() => {
      const renewed = reason === null ? [] : beginNewLog(this.#sql, this.#log, hello, reason, nowMs);
      const replaced = [...renewed, ...hostCopy(this.#sql, this.#log, hello, nowMs)];
      setSlots(this.#sql, hello.capabilities.slots);
      storeTurns(this.#sql, hello.turns, nowMs);
      noteAbsence(this.#sql, 'hello', hello.at, hello.commands, hello.turns);
      noteAnswersAbsent(this.#sql, hello);
      return { recorded: [...replaced, ...this.#conclude(nowMs)], touched: [], answered: true };
    });
    if (reason !== null) this.#steps.dismissViewers();
    const frameMs = this.#env.EDGE === undefined ? frameMsCloudflare : frameMsEmbedded;
    const { session } = this.#socket.state(socket);
    // Sent before D1 is asked: meanwhile a person's message may arrive, and no command may be sent before the welcome.
    sendFrame(socket, welcomeFrame(this.#sql, this.#log, hello, session, frameMs));
    await this.#steps.checkDirectory();
    await setCapabilities(directory(this.#env), this.#steps.host, hello.capabilities);
    await this.dispatch();
  }

  /**
   * A mission this object does not know is adopted, unless the directory says that it is another server's (4001): one host must not
   * write into another's missions. Runs before the batch's own transaction; later frames wait meanwhile.
   */
  async #mayOpen(socket: WebSocket, missions: string[]): Promise<boolean> {
    if (missions.length === 0) return true;
    // If the promise rejected inside blockConcurrencyWhile, the object would be reset and every viewer cut off.
    const [asked] = await this.#ctx.blockConcurrencyWhile(() =>
      Promise.allSettled([foreignMission(directory(this.#env), this.#steps.host, missions)]),
    );
    if (asked.status === 'rejected') throw asked.reason;
    if (asked.value === null) return true;
    close(socket, closeCode.unauthorised, `mission ${asked.value} belongs to another server`);
    return false;
  }
}
