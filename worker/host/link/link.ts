import type { AnswerCommand } from '../../../shared/commands.ts';
import type { Hello, HostFrame } from '../../../shared/frames.ts';
import type { CommandId, MissionId } from '../../../shared/ids.ts';
import { closeCode, maxUnreceived } from '../../../shared/limits.ts';
import type { Limits } from '../../../shared/quotas.ts';
import { close } from '../../close-socket.ts';
import { logError } from '../../log.ts';
import { endAllAtEdge } from '../actions/end-at-edge.ts';
import { concludeAnswers, markReceived, storeAnswersAbsent } from '../asks/answers.ts';
import type { HostContext } from '../context.ts';
import { endCredential, epochOf } from '../credential.ts';
import { tellAllAccounts } from '../effects/accounts.ts';
import { wantAdopted } from '../effects/adopted.ts';
import { noteLink } from '../effects/connected.ts';
import { changeFacts, checkDirectory } from '../effects/facts.ts';
import { runPosition } from '../log/runs.ts';
import { markMessage } from '../messages/messages.ts';
import { hasOpen, messagesInFlight, unreceived } from '../messages/waiting.ts';
import type { Liveness } from '../missions/activity.ts';
import { concludeOrders, markOrderReceived, storeOrdersAbsent } from '../missions/orders.ts';
import { storeTurns, turnsReport } from '../missions/reported-turns.ts';
import { type Due, nextMessages, takeSlots } from '../missions/slots.ts';
import { ingest, ingestGap, shownBeside, takenTogether, unknownMissions } from '../record/ingest.ts';
import type { Recorded } from '../record/record.ts';
import { atomically } from '../remembered.ts';
import { isRemoved } from '../removed.ts';
import type { Reply } from '../replies.ts';
import type { Transactions } from '../transaction.ts';
import { watchGrowth } from '../upkeep/space.ts';
import type { Viewers } from '../viewers/viewers.ts';
import { setAbilities } from './abilities.ts';
import { concludeAbsence, storeAbsence } from './absence.ts';
import { Calls } from './calls.ts';
import { Connected } from './connected.ts';
import { commandsAt, missingCommands, storePresent, wishes } from './handing-over.ts';
import { OrderGiver } from './order-giver.ts';
import { PreparedTeller } from './prepared-teller.ts';
import { beginNewLog, concludeHeld, hostCopy, rolledBack } from './replaced.ts';
import { interruptFrame, type LinkSocket, readHostFrame, reissuedText, sendFrame, welcomeFrame } from './socket.ts';

interface LinkParts {
  host: HostContext;
  transactions: Transactions;
  viewers: Viewers;
  socket: LinkSocket;
  /** How often the host may send deltas, in milliseconds. */
  frameMs: number;
}

/** The object's end of the host link: frames in, commands out (protocol §2, §4). */
export class HostLink {
  readonly #host: HostContext;
  readonly #transactions: Transactions;
  readonly #viewers: Viewers;
  readonly #socket: LinkSocket;
  readonly #frameMs: number;
  readonly #orders: OrderGiver;
  readonly #calls = new Calls();
  readonly connected: Connected;
  /** When a mission was last heard of; a cache, the reported list is in SQL. */
  readonly #seenAtMs = new Map<string, number>();
  readonly prepared: PreparedTeller;

  constructor(parts: LinkParts) {
    this.#host = parts.host;
    this.#transactions = parts.transactions;
    this.#viewers = parts.viewers;
    this.#socket = parts.socket;
    this.#frameMs = parts.frameMs;
    this.#orders = new OrderGiver(parts.host.sql, parts.socket);
    this.connected = new Connected(parts);
    this.prepared = new PreparedTeller(parts.host.sql, parts.socket);
  }

  accept(socket: WebSocket, epoch: number): void {
    this.#socket.accept(socket, epoch);
    // The Worker checked the credential before the dial reached this object; it may have been issued again in between.
    this.endOlder();
  }

  /** Only the credential in force may speak for the server: ends the sockets of those before. */
  endOlder(): void {
    this.#socket.dismiss(epochOf(this.#host.sql), closeCode.staleEpoch, reissuedText);
    this.connected.noteEnd();
  }

  /**
   * Stops what the host does, if it is connected to be told, ends all of it in the log and closes the link for good.
   */
  remove(): void {
    for (const { mission, id } of messagesInFlight(this.#host.sql)) this.interrupt(mission, id);
    this.#transactions.run((host) => {
      endCredential(host.sql);
      tellAllAccounts(host.sql);
      return { recorded: endAllAtEdge(host), touched: [] };
    });
    this.#socket.dismiss(Number.POSITIVE_INFINITY, closeCode.unauthorised, 'this server was removed');
    this.connected.noteEnd();
  }

  isUp(): boolean {
    return this.#host.awaySinceMs() === null;
  }

  closed(socket: WebSocket): void {
    this.#socket.left(socket);
    const current = this.#socket.current();
    this.#calls.keepOnly(current === socket ? null : current);
    this.connected.noteEnd();
  }

  liveness(): Liveness {
    return {
      seenAt: (mission) => this.#seenAtMs.get(mission),
      reported: turnsReport(this.#host.sql),
      awaySinceMs: this.#host.awaySinceMs(),
    };
  }

  message(socket: WebSocket, message: string | ArrayBuffer): void {
    const frame = readHostFrame(socket, this.#socket.state(socket), message);
    if (!frame) return;
    try {
      this.#take(socket, frame);
    } catch (cause) {
      // Nothing of the frame was stored: the host dials again and repeats it.
      logError('frame.failed', cause, { type: frame.type });
      close(socket, closeCode.failed, 'the edge could not store this frame; see its log');
    }
  }

  /** Asks the host something while somebody waits for the answer. */
  call(method: string, args: unknown, owner: string, limits: Limits): Promise<Reply<unknown>> {
    return this.#calls.send(this.isUp() ? this.#socket.current() : null, { method, args, owner }, limits);
  }

  callsOf(owner: string): number {
    return this.#calls.of(owner);
  }

  /** Asks the host to stop a command; repeated by every `welcome` until the host has ended it. */
  interrupt(mission: MissionId, command: CommandId): void {
    const frame = interruptFrame(this.#host.sql, mission, command);
    if (frame) this.#socket.send(frame);
  }

  /** Hands an answer over at once; a host that is away gets it in its `welcome`. */
  answer(command: AnswerCommand): void {
    this.#socket.sendCommands([command]);
  }

  /**
   * Sends what may start now: orders, and the oldest waiting messages of free missions, as many as there are slots,
   * and as the host keeps up with.
   */
  dispatch(): void {
    this.#orders.give();
    const due = this.#due();
    if (due.length === 0 || !this.#socket.current()) return;
    this.#transactions.run(({ sql }) => {
      changeFacts(sql, { live: true });
      takeSlots(sql, due);
      return { recorded: [], touched: due.map(({ mission }) => mission) };
    });
    this.#socket.sendCommands(commandsAt(this.#host.sql, due));
  }

  #due(): Due[] {
    const { sql } = this.#host;
    return hasOpen(sql, 'kept') ? nextMessages(sql, maxUnreceived - unreceived(sql)) : [];
  }

  #ack(socket: WebSocket, run: string, n: number): void {
    sendFrame(socket, { type: 'ack', run, n, segment: this.#host.log.segment, seq: this.#host.log.head });
  }

  #heardOf(said: readonly { mission: string | null }[]): void {
    const nowMs = this.#host.now();
    for (const { mission } of said) if (mission !== null) this.#seenAtMs.set(mission, nowMs);
  }

  #take(socket: WebSocket, frame: HostFrame): void {
    switch (frame.type) {
      case 'hello':
        this.#hello(socket, frame);
        return;
      case 'batch': {
        const { result, recorded, deltas, outputs } = takenTogether((how) =>
          this.#transactions.run((host) => {
            const opened = unknownMissions(host.sql, frame);
            const result = ingest(host, frame, how);
            if (result.ok) wantAdopted(host.sql, opened);
            const recorded = result.ok ? [...result.recorded, ...conclude(host)] : [];
            const shown = shownBeside(host.sql, frame);
            return { result, recorded, touched: [], ...shown, isHeadTold: true };
          }),
        );
        this.#heardOf([...deltas, ...outputs, ...recorded.map(({ row }) => row)]);
        if (!result.ok) {
          close(socket, closeCode.gap, `expected n ${result.expected} of run ${frame.run}`);
          return;
        }
        if (frame.items.length === 0) return;
        this.#ack(socket, frame.run, result.n);
        this.dispatch();
        return;
      }
      case 'gap': {
        const { said } = this.#transactions.run((host) => {
          const said = ingestGap(host, frame);
          return { said, recorded: said ? [...said, ...conclude(host)] : [], touched: [], isHeadTold: true };
        });
        const n = runPosition(this.#host.sql, frame.run);
        if (said === null) {
          close(socket, closeCode.gap, `expected n ${n + 1} of run ${frame.run}`);
          return;
        }
        this.#ack(socket, frame.run, n);
        this.dispatch();
        return;
      }
      case 'received':
        atomically(this.#host.storage, () => {
          for (const id of frame.ids) {
            markMessage(this.#host.sql, id, 'received');
            markReceived(this.#host.sql, id);
            markOrderReceived(this.#host.sql, id);
          }
        });
        this.dispatch();
        return;
      case 'turns':
        this.#transactions.run((host) => {
          storeTurns(host, frame.turns);
          storeAbsence(host.sql, 'turns', frame.at, null, frame.turns);
          return { recorded: conclude(host), touched: [] };
        });
        this.dispatch();
        return;
      case 'capabilities':
        this.#transactions.run(({ sql }) => setAbilities(sql, frame));
        this.prepared.tell();
        this.dispatch();
        return;
      case 'result':
        this.#calls.result(socket, frame);
        return;
    }
  }

  #hello(socket: WebSocket, hello: Hello): void {
    // Its dial may have been on the way when it was removed. One that comes back is given its credential first.
    if (isRemoved(this.#host.sql)) {
      close(socket, closeCode.unauthorised, 'this server was removed');
      return;
    }
    this.#socket.welcome(socket, crypto.randomUUID());
    this.#calls.keepOnly(socket);
    const reason = rolledBack(this.#host, hello);
    this.#transactions.run((host) => {
      const renewed = reason === null ? [] : beginNewLog(host, hello, reason);
      const replaced = [...renewed, ...hostCopy(host, hello)];
      setAbilities(host.sql, hello.capabilities);
      noteLink(host, true, host.now());
      checkDirectory(host.sql);
      storeTurns(host, hello.turns);
      storeAbsence(host.sql, 'hello', hello.at, hello.commands, hello.turns);
      storeAnswersAbsent(host.sql, hello);
      storePresent(host.sql, hello);
      storeOrdersAbsent(host.sql, hello);
      return { recorded: [...replaced, ...conclude(host)], touched: [], isHeadTold: true };
    });
    // Their cursors are of a log that is no more: they come back and start anew with a `reset`.
    if (reason !== null) this.#viewers.dismiss();
    const { session } = this.#socket.state(socket);
    this.#orders.begin();
    sendFrame(socket, welcomeFrame(this.#host, hello, session, this.#frameMs));
    for (const interrupt of wishes(this.#host.sql).others) sendFrame(socket, { type: 'interrupt', interrupt });
    this.#socket.sendCommands(missingCommands(this.#host));
    this.dispatch();
    this.prepared.begin();
  }

  /** Ends the link of a host that opened missions which it has no right to, and were taken back. */
  takenBack(text: string): void {
    this.#socket.dismiss(Number.POSITIVE_INFINITY, closeCode.unauthorised, text);
    this.connected.noteEnd();
  }
}

/**
 * Concludes everything that waited until the log contained certain rows: lost answers, lost commands and turns, held
 * messages.
 */
const conclude = (host: HostContext): Recorded[] => {
  concludeAnswers(host.sql);
  concludeOrders(host.sql);
  return [...concludeAbsence(host), ...concludeHeld(host), ...watchGrowth(host)];
};
