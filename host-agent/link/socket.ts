import WebSocket from 'ws';
import type { Cancel, Clock } from '../../shared/clock.ts';
import { closeReason } from '../../shared/frames.ts';
import { Heartbeat } from './heartbeat.ts';

/** How a socket ended. `status`: the HTTP status, when the edge answered the dial with one. */
export interface SocketEnd {
  code: number;
  reason: string;
  status: number | null;
}

export interface SocketEvents {
  open(): void;
  text(text: string): void;
  bytes(chunk: Buffer): void;
  /** Once, whatever happened; nothing comes after it. */
  closed(end: SocketEnd): void;
}

/** A peer that has not answered our close by now is gone; a stopping agent must not wait for it. */
const closeGraceMs = 2_000;

/** What is dialled at the edge at `url`, as whom `authorization` says; null says nobody. */
export interface Address {
  url: string;
  authorization: string | null;
  clock: Clock;
  path: string;
  headers?: Record<string, string>;
  /** Subprotocols to offer: a person's socket has its token in one (contract §7.1). */
  protocols?: string[];
  /** A longer message ends the socket. */
  maxMessageBytes: number;
}

/** One WebSocket to the edge with its heartbeat: dialled on construction, gone after `closed`. Knows no frames. */
export class EdgeSocket {
  readonly #socket: WebSocket;
  readonly #heartbeat: Heartbeat;
  #failure = '';
  readonly #clock: Clock;
  #stopClosing: Cancel | null = null;
  #status: number | null = null;

  constructor(address: Address, times: { pingMs: number; silenceMs: number }, events: SocketEvents) {
    const { clock, url, authorization } = address;
    this.#clock = clock;
    const socket = new WebSocket(
      `${url.replace(/^http/, 'ws').replace(/\/+$/, '')}${address.path}`,
      address.protocols ?? [],
      {
        headers: {
          ...address.headers,
          ...(authorization === null ? {} : { authorization: `Bearer ${authorization}` }),
        },
        maxPayload: address.maxMessageBytes,
        perMessageDeflate: false,
        handshakeTimeout: times.silenceMs,
      },
    );
    this.#socket = socket;
    this.#heartbeat = new Heartbeat(times, clock, {
      ping: () => this.isOpen() && socket.send('ping'),
      silent: () => this.abandon(`nothing was heard for ${times.silenceMs} ms`),
    });
    socket.on('open', events.open);
    socket.on('message', (data, isBinary) => {
      this.#heartbeat.heard();
      if (isBinary && Buffer.isBuffer(data)) return events.bytes(data);
      const text = data.toString();
      if (text !== 'pong') events.text(text);
    });
    socket.on('unexpected-response', (_request, response) => {
      this.#status = response.statusCode ?? null;
      this.abandon(`the edge answered the dial with HTTP ${response.statusCode}`);
    });
    // Every error is followed by 'close', which does the work; only the text is kept here.
    socket.on('error', (error) => {
      this.#failure ||= error.message;
    });
    socket.on('close', (code, reason) => {
      this.#heartbeat.stop();
      this.#stopClosing?.();
      events.closed({ code, reason: this.#failure || reason.toString(), status: this.#status });
    });
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Sends if the socket is open; `done` is called when the message has left this process or never will. */
  send(message: string | Uint8Array, done?: () => void): void {
    if (this.isOpen()) this.#socket.send(message, done);
    else done?.();
  }

  /**
   * Closes with a reason for the other side's log. `failure` is what `closed` says, unless something was wrong before.
   */
  close(code: number, reason: string, failure = reason): void {
    this.#failure ||= failure;
    if (this.#socket.readyState === WebSocket.CONNECTING) this.#socket.terminate();
    else this.#socket.close(code, closeReason(reason));
    this.#stopClosing ??= this.#clock.after(closeGraceMs, () => this.#socket.terminate());
  }

  /** Ends the socket at once, for a peer that does not answer. */
  abandon(why: string): void {
    this.#failure ||= why;
    this.#socket.terminate();
  }
}
