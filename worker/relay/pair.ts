import type { Channel, Frame } from '../../shared/channels/channel.ts';
import type { Cancel, Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { sameSecret } from '../digest.ts';
import { couplings } from './couplings.ts';
import type { Flow, Hooks } from './flow.ts';
import { asAppError, type Expected, joinHeaders, refused, relayTimes } from './port.ts';
import { ServerEnd } from './server-end.ts';

interface PairOptions {
  clock: Clock;
  /** Called once, when it is over. */
  ended?: () => void;
}

const restartText = 'The transfer was interrupted. Try again.';
/** A server's first grant may come before the body; it has nothing else to say by then. */
const maxEarlyFrames = 4;

/**
 * One opened channel: waits for its two ends, couples them, watches that something moves, and ends both when either
 * ends.
 */
export class Pair {
  readonly #channel: Channel;
  readonly #expected: Expected;
  readonly #clock: Clock;
  readonly #ended: () => void;
  readonly #joinByMs: number;
  readonly #joined = Promise.withResolvers<ServerEnd>();
  readonly #stopWatching: Cancel;
  #server: ServerEnd | null = null;
  #hasClient = false;
  #flow: Flow | null = null;
  readonly #early: Frame[] = [];
  #over: AppError | 'done' | null = null;
  #heardAtMs = 0;
  #movedAtMs = 0;

  constructor(channel: Channel, expected: Expected, { clock, ended = () => undefined }: PairOptions) {
    this.#channel = channel;
    this.#expected = expected;
    this.#clock = clock;
    this.#ended = ended;
    this.#joinByMs = clock.steadyMs() + relayTimes.joinMs;
    this.#stopWatching = clock.every(relayTimes.checkMs, () => this.#look());
    // Whoever awaits it sees the failure; if nobody does, that is no unhandled rejection.
    this.#joined.promise.catch(() => undefined);
  }

  /** The server's socket. 403 with another secret or from another server, 409 for a second one, 410 when it is over. */
  join(headers: Headers): Response {
    const host = headers.get(joinHeaders.host) ?? '';
    const isTheirs = sameSecret(headers.get(joinHeaders.secretSha256) ?? '', this.#expected.secretSha256);
    if (!isTheirs || host !== this.#expected.host) return new Response('Not a transfer of yours.', { status: 403 });
    if (this.#over) return new Response('This transfer is over.', { status: 410 });
    if (this.#server) return new Response('This transfer has its server already.', { status: 409 });
    const { 0: client, 1: socket } = new WebSocketPair();
    const server = new ServerEnd(socket, this.#channel, {
      bytes: (chunk) => {
        if (this.#flow) this.#flow.bytes(chunk);
        else this.fail(tooEarly());
      },
      frame: (frame) => this.#frame(frame),
      heard: () => {
        this.#heardAtMs = this.#clock.steadyMs();
      },
      gone: (error) => void this.fail(error),
    });
    this.#server = server;
    this.#heardAtMs = this.#movedAtMs = this.#clock.steadyMs();
    this.#joined.resolve(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** The client's end. Out: what it is answered, as the channel's direction has it, or the failure. */
  async couple(client: Request): Promise<Response> {
    try {
      const server = await this.#take();
      return await couplings[this.#channel.direction](client, this.#channel, server, this.#hooks());
    } catch (cause) {
      return refused(this.fail(asAppError(cause, restartText)));
    }
  }

  /** Ends both ends with this error, unless they have ended. Out: what it ended with. */
  fail(error: AppError): AppError {
    if (this.#over) return this.#over === 'done' ? error : this.#over;
    this.#over = error;
    this.#ended();
    this.#stopWatching();
    this.#joined.reject(error);
    this.#server?.close(error);
    this.#flow?.failed(error);
    return error;
  }

  #end(): void {
    if (this.#over) return;
    this.#over = 'done';
    this.#ended();
    this.#stopWatching();
    this.#server?.close(null);
  }

  /** One client per opened channel; it waits for the server. */
  async #take(): Promise<ServerEnd> {
    if (this.#hasClient) throw new AppError('conflict', 'This transfer has its body already.');
    this.#hasClient = true;
    const server = await this.#joined.promise;
    this.#moved();
    return server;
  }

  #hooks(): Hooks {
    return {
      begin: (flow) => {
        this.#flow = flow;
        if (this.#over && this.#over !== 'done') flow.failed(this.#over);
        for (const frame of this.#early.splice(0)) flow.frame(frame);
      },
      moved: () => this.#moved(),
      done: () => this.#end(),
      fail: (error) => void this.fail(error),
    };
  }

  #moved(): void {
    this.#movedAtMs = this.#clock.steadyMs();
  }

  #frame(frame: Frame): void {
    if (this.#over) return;
    if (frame.type === 'failed') this.fail(new AppError(frame.code, frame.message));
    else if (this.#flow) this.#flow.frame(frame);
    else if (this.#early.push(frame) > maxEarlyFrames) this.fail(tooEarly());
  }

  #look(): void {
    const nowMs = this.#clock.steadyMs();
    const { joinMs, silenceMs, stallMs } = relayTimes;
    if (!this.#server || !this.#hasClient) {
      if (nowMs >= this.#joinByMs) this.fail(late(this.#server === null, joinMs));
    } else if (nowMs - this.#heardAtMs > silenceMs) {
      this.fail(new AppError('unavailable', `The server fell silent in the middle of the transfer. Try again.`));
    } else if (nowMs - this.#movedAtMs > stallMs) {
      this.fail(new AppError('unavailable', `Nothing moved for ${stallMs / 1000} s. Try again.`));
    }
  }
}

const tooEarly = () =>
  new AppError('internal', 'The server spoke before the transfer had begun. Update the older side.');

const late = (isServer: boolean, joinMs: number): AppError =>
  new AppError(
    'unavailable',
    isServer
      ? `The server did not open the transfer within ${joinMs / 1000} s. Look at its host-agent's log, then try again.`
      : `Nobody came for the transfer within ${joinMs / 1000} s.`,
  );
