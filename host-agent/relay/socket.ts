import WebSocket from 'ws';
import {
  type Channel,
  type Direction,
  type Frame,
  parseFrame,
  type Ticket,
  ticketHeader,
} from '../../shared/channels/channel.ts';
import { AppError } from '../../shared/errors.ts';
import { closeReason } from '../../shared/frames.ts';
import { closeCode, transferWindowBytes } from '../../shared/limits.ts';
import { Heartbeat } from '../link/heartbeat.ts';
import type { HostFile } from '../link/host-file.ts';
import { linkTimes } from '../link/times.ts';

/** How channels reach the edge; the times are those of the link unless a test shortens them. */
export interface Dial {
  hostFile: Pick<HostFile, 'id' | 'url' | 'credential'>;
  times?: { pingMs: number; silenceMs: number };
}

export interface ChannelEvents<Value> {
  open(): void;
  bytes(chunk: Buffer): void;
  frame(frame: Frame<Value>): void;
  /** Once; nothing comes after it. */
  gone(error: AppError): void;
}

/** An edge that does not answer our close by now is gone. */
const closeGraceMs = 2_000;

/** The server's end of one opened channel (shared/channels/channel.ts), dialled on construction. */
export class ChannelSocket<Value> {
  readonly #socket: WebSocket;
  readonly #heartbeat: Heartbeat;
  #failure = '';

  constructor(
    { hostFile, times = linkTimes }: Dial,
    channel: Channel<Direction, Value>,
    { id, secret }: Ticket,
    events: ChannelEvents<Value>,
  ) {
    const { url, id: host, credential } = hostFile;
    const socket = new WebSocket(`${url.replace(/^http/, 'ws').replace(/\/+$/, '')}/api/host/relay/${id}`, {
      headers: { authorization: `Bearer ${host}.${credential}`, [ticketHeader]: secret },
      maxPayload: transferWindowBytes,
      perMessageDeflate: false,
      handshakeTimeout: times.silenceMs,
    });
    this.#socket = socket;
    this.#heartbeat = new Heartbeat(
      times,
      () => this.#isOpen() && socket.send('ping'),
      () => {
        this.#failure ||= `nothing was heard for ${times.silenceMs} ms`;
        socket.terminate();
      },
    );
    socket.on('open', events.open);
    socket.on('message', (data, isBinary) => {
      this.#heartbeat.heard();
      if (isBinary && Buffer.isBuffer(data)) return events.bytes(data);
      const text = data.toString();
      if (text === 'pong') return;
      const frame = parseFrame(channel, text);
      if (frame) events.frame(frame);
      else this.close(new AppError('internal', 'The edge sent what is no frame of a transfer. Update the older side.'));
    });
    socket.on('unexpected-response', (_request, response) => {
      this.#failure ||= `the edge answered the dial with HTTP ${response.statusCode}`;
      socket.terminate();
    });
    // 'close' follows every error and carries on; the text is all that an error adds.
    socket.on('error', (error) => {
      this.#failure ||= error.message;
    });
    socket.on('close', (_code, reason) => {
      this.#heartbeat.stop();
      const why = this.#failure || reason.toString() || 'the connection to the edge was lost';
      events.gone(new AppError('unavailable', `The transfer was cut off: ${why}. Try again.`));
    });
  }

  send(frame: Frame<Value>): void {
    if (this.#isOpen()) this.#socket.send(JSON.stringify(frame));
  }

  sendBytes(chunk: Uint8Array): void {
    if (this.#isOpen()) this.#socket.send(chunk);
  }

  /** Ends the socket; `error`, if there is one, is told before. May be repeated. */
  close(error: AppError | null): void {
    if (error) this.send({ type: 'failed', code: error.code, message: error.message });
    this.#failure ||= error?.message ?? '';
    if (this.#socket.readyState === WebSocket.CONNECTING) this.#socket.terminate();
    else this.#socket.close(error ? closeCode.failed : 1000, closeReason(error?.message ?? 'done'));
    setTimeout(() => this.#socket.terminate(), closeGraceMs).unref();
  }

  #isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }
}
