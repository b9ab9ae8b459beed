import {
  type Channel,
  type Direction,
  type Frame,
  parseFrame,
  type Ticket,
  ticketHeader,
} from '../../shared/channels/channel.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { closeCode, transferWindowBytes } from '../../shared/limits.ts';
import type { HostFile } from '../link/host-file.ts';
import { type Address, EdgeSocket } from '../link/socket.ts';
import { linkTimes } from '../link/times.ts';

/** How channels reach the edge; the times are those of the link unless a test shortens them. */
export interface Dial {
  hostFile: Pick<HostFile, 'id' | 'url' | 'credential'>;
  clock: Clock;
  times?: { pingMs: number; silenceMs: number };
}

export interface ChannelEvents<Value> {
  open(): void;
  bytes(chunk: Buffer): void;
  frame(frame: Frame<Value>): void;
  /** Once; nothing comes after it. */
  gone(error: AppError): void;
}

/** Where one end of a channel is dialled, and as whom. */
export interface ChannelAddress {
  address: Omit<Address, 'maxMessageBytes'>;
  times: { pingMs: number; silenceMs: number };
}

/** Where the server's end of an opened channel is dialled. */
export const atRelay = ({ hostFile, clock, times = linkTimes }: Dial, { id, secret }: Ticket): ChannelAddress => ({
  address: {
    url: hostFile.url,
    authorization: `${hostFile.id}.${hostFile.credential}`,
    clock,
    path: `/api/host/relay/${id}`,
    headers: { [ticketHeader]: secret },
  },
  times,
});

/** One end of an opened channel (shared/channels/channel.ts), dialled on construction. */
export class ChannelSocket<Value> {
  readonly #socket: EdgeSocket;

  constructor({ address, times }: ChannelAddress, channel: Channel<Direction, Value>, events: ChannelEvents<Value>) {
    this.#socket = new EdgeSocket({ ...address, maxMessageBytes: transferWindowBytes }, times, {
      open: events.open,
      bytes: events.bytes,
      text: (text) => {
        const frame = parseFrame(channel, text);
        if (frame) events.frame(frame);
        else
          this.close(new AppError('internal', 'The edge sent what is no frame of a transfer. Update the older side.'));
      },
      closed: ({ reason }) => {
        const why = reason || 'the connection to the edge was lost';
        events.gone(new AppError('unavailable', `The transfer was cut off: ${why}. Try again.`));
      },
    });
  }

  send(frame: Frame<Value>): void {
    this.#socket.send(JSON.stringify(frame));
  }

  sendBytes(chunk: Uint8Array): void {
    this.#socket.send(chunk);
  }

  /** Ends the socket; `error`, if there is one, is told before. May be repeated. */
  close(error: AppError | null): void {
    if (error) this.send({ type: 'failed', code: error.code, message: error.message });
    this.#socket.close(error ? closeCode.failed : 1000, error?.message ?? 'done', error?.message ?? '');
  }
}
