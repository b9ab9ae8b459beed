import { type Channel, type Frame, parseFrame } from '../../shared/channels/channel.ts';
import { AppError } from '../../shared/errors.ts';
import { closeReason } from '../../shared/frames.ts';
import { closeCode } from '../../shared/limits.ts';

export interface ServerEndEvents {
  bytes(chunk: ArrayBuffer): void;
  frame(frame: Frame): void;
  /** Any message, pings too. */
  heard(): void;
  /** The socket ended, or carried what is no frame. */
  gone(error: AppError): void;
}

const lostText = 'The connection to the server was lost in the middle of the transfer. Try again when it is connected.';

/** The server's socket of one opened channel: accepts it, answers its pings, and tells bytes from frames. */
export class ServerEnd {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket, channel: Channel, events: ServerEndEvents) {
    this.#socket = socket;
    // A Blob could only be read by waiting, and the order of messages would be lost.
    socket.binaryType = 'arraybuffer';
    socket.accept();
    socket.addEventListener('message', ({ data }) => {
      events.heard();
      if (data === 'ping') return socket.send('pong');
      if (data instanceof ArrayBuffer) return events.bytes(data);
      const frame = typeof data === 'string' ? parseFrame(channel, data) : null;
      if (frame) events.frame(frame);
      else
        events.gone(new AppError('internal', 'The server sent what is no frame of a transfer. Update the older side.'));
    });
    socket.addEventListener('close', () => events.gone(new AppError('unavailable', lostText)));
    socket.addEventListener('error', () => events.gone(new AppError('unavailable', lostText)));
  }

  send(frame: Frame): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  sendBytes(chunk: Uint8Array): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(chunk);
  }

  /** Ends the socket; `error`, if there is one, is told before. */
  close(error: AppError | null): void {
    if (error) this.send({ type: 'failed', code: error.code, message: error.message });
    if (this.#socket.readyState !== WebSocket.CLOSED)
      this.#socket.close(error ? closeCode.failed : 1000, closeReason(error?.message ?? 'done'));
  }
}
