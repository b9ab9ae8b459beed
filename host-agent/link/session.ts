import type { Cancel } from '../../shared/clock.ts';
import { assertNever } from '../../shared/errors.ts';
import {
  type Delta,
  type EdgeFrame,
  type HostFrame,
  type Output,
  parseEdgeFrame,
  type Welcome,
} from '../../shared/frames.ts';
import { closeCode, maxFrameBytes } from '../../shared/limits.ts';
import { StoreFull } from '../store/transaction.ts';
import { replyToCall } from './call.ts';
import { capabilities, hello, rememberWelcome } from './greeting.ts';
import { Intake } from './intake.ts';
import type { LinkOptions } from './port.ts';
import { EdgeSocket, type SocketEnd } from './socket.ts';
import { Stream } from './stream.ts';
import type { LinkTimes } from './times.ts';
import { TurnsReport } from './turns-report.ts';

/** `settled`, `upMs`: see Ending in backoff.ts. */
export interface SessionEnd extends SocketEnd {
  settled: boolean;
  upMs: number;
}

const binaryFrame = { ok: false, code: closeCode.badFrame, reason: 'frames are text' } as const;

/** What exists between a `welcome` and the end of the session. */
interface Up {
  at: number;
  stream: Stream;
  turns: TurnsReport;
}

/** One conversation with the edge: dial, `hello`, `welcome`, then frames both ways until it ends (protocol §2). */
export class Session {
  /** Resolves when the socket is gone; never rejects. */
  readonly ended: Promise<SessionEnd>;
  readonly #options: LinkOptions;
  readonly #times: LinkTimes;
  readonly #socket: EdgeSocket;
  readonly #intake: Intake;
  readonly #stopAwaitingWelcome: Cancel;
  #up: Up | null = null;
  #acked = false;
  /** Live turns that `hello` named, and whether they changed since. */
  #helloTurns = 0;
  #turnsStale = false;

  constructor(options: LinkOptions, times: LinkTimes) {
    this.#options = options;
    this.#times = times;
    const ended = Promise.withResolvers<SessionEnd>();
    this.ended = ended.promise;
    this.#socket = new EdgeSocket(
      {
        url: options.hostFile.url,
        authorization: `${options.hostFile.id}.${options.hostFile.credential}`,
        clock: options.clock,
        path: '/api/host/link',
        maxMessageBytes: maxFrameBytes,
      },
      times,
      {
        open: () => this.#guard(() => this.#greet()),
        text: (text) => this.#guard(() => this.#message(text)),
        bytes: () => this.#guard(() => this.#message(null)),
        closed: (end) => ended.resolve(this.#end(end)),
      },
    );
    this.#intake = new Intake(
      options,
      (frame) => this.#send(frame),
      (error) => this.#fail(error),
    );
    // The runtime answers pings even when the object behind it never says welcome.
    this.#stopAwaitingWelcome = options.clock.after(times.silenceMs, () =>
      this.#socket.abandon(`no welcome within ${times.silenceMs} ms`),
    );
  }

  isUp(): boolean {
    return this.#up !== null && this.#socket.isOpen();
  }

  delta(delta: Delta): void {
    this.#up?.stream.delta(delta);
  }

  output(output: Output, owner: string): void {
    this.#up?.stream.output(output, owner);
  }

  outputEnded(call: string): void {
    this.#up?.stream.outputEnded(call);
  }

  turnsChanged(): void {
    this.#turnsStale = true;
    this.#up?.turns.changed();
  }

  agentsChanged(): void {
    if (!this.#up) return;
    this.#send({ type: 'capabilities', ...capabilities(this.#options.hello()) });
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  #end(end: SocketEnd): SessionEnd {
    this.#stopAwaitingWelcome();
    this.#intake.close();
    const upMs = this.#up ? this.#options.clock.steadyMs() - this.#up.at : 0;
    this.#up?.stream.close();
    this.#up?.turns.stop();
    this.#up = null;
    return { ...end, upMs, settled: this.#acked || upMs > this.#times.silenceMs };
  }

  /** A bug or a broken store below one frame ends this session, not the process; the next hello starts clean. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#options.log.error('link.failed', { error, stack: error instanceof Error ? error.stack : undefined });
    this.close(1011, 'the host-agent failed to process a frame');
  }

  #send(frame: HostFrame): void {
    this.#socket.send(JSON.stringify(frame));
  }

  #greet(): void {
    const report = this.#options.hello();
    this.#helloTurns = report.turns.length;
    this.#turnsStale = false;
    this.#send(hello(this.#options, report));
  }

  #message(text: string | null): void {
    if (!this.#socket.isOpen()) return;
    const parsed = text === null ? binaryFrame : parseEdgeFrame(text);
    if (!parsed.ok) this.close(parsed.code, parsed.reason);
    else if (parsed.frame.type === 'welcome' && this.#up) this.close(closeCode.badFrame, 'a second welcome');
    else if (parsed.frame.type === 'welcome') this.#welcome(parsed.frame);
    else if (this.#up) this.#frame(parsed.frame, this.#up.stream);
    else this.close(closeCode.badFrame, `${parsed.frame.type} before welcome`);
  }

  #welcome(welcome: Welcome): void {
    const options = this.#options;
    this.#stopAwaitingWelcome();
    if (rememberWelcome(welcome, options) === 'renewed') {
      options.log.warn('link.log_renewed', { text: 'The edge has begun a new log; kept events are sent again.' });
      this.close(1000, 'new log, saying hello again');
      return;
    }
    const stream = new Stream(this.#socket, options, welcome, (error) => this.#fail(error));
    const turns = new TurnsReport(this.#times.turnsMs, options.clock, this.#helloTurns, () => this.#reportTurns());
    this.#up = { at: options.clock.steadyMs(), stream, turns };
    if (this.#turnsStale) turns.changed();
    options.log.info('link.up', { url: options.hostFile.url, session: welcome.session, log: welcome.log });

    for (const interrupt of welcome.interrupts) this.#intake.interrupt(interrupt);
    if (welcome.ended_turns.length > 0) options.onEndedTurns(welcome.ended_turns);
    // Not awaited: it may have to wait for OpenCode, and rows, acks and interrupts must not wait with it.
    Promise.resolve(options.onWelcome(welcome)).catch((error: unknown) => this.#fail(error));
    this.#intake.commands(welcome.commands.filter((each) => !each.received).map((each) => each.command));
  }

  #frame(frame: Exclude<EdgeFrame, { type: 'welcome' }>, stream: Stream): void {
    switch (frame.type) {
      case 'ack':
        if (stream.acked(frame.run, frame.n)) {
          this.#acked = true;
          this.#store('ack', () => {
            this.#options.outbox.ack(frame.run, frame.n);
            this.#options.edge.seen(frame);
          });
        } else {
          // If such an ack were believed, rows would count as stored that the edge does not have.
          this.close(closeCode.badFrame, 'an ack of rows that were not sent');
        }
        break;
      case 'head':
        this.#store('head', () => this.#options.edge.seen(frame));
        break;
      case 'commands':
        this.#intake.commands(frame.commands);
        break;
      case 'interrupt':
        this.#intake.interrupt(frame.interrupt);
        break;
      case 'prepare':
        this.#options.onPrepare(frame.missions);
        break;
      case 'call':
        void replyToCall(frame, this.#options).then((text) => this.#socket.send(text));
        break;
      default:
        assertNever(frame);
    }
  }

  #store(what: 'ack' | 'head', write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!(error instanceof StoreFull)) throw error;
      // Harmless: after the next dial a few rows are sent again, or the next ack makes up for it.
      this.#options.log.warn(`link.${what}_not_stored`, { error });
    }
  }

  #reportTurns(): number {
    const { turns } = this.#options.hello();
    this.#send({ type: 'turns', turns, at: this.#options.outbox.newest() });
    return turns.length;
  }
}
