import type { Channel, Frame } from '../../shared/channels/channel.ts';
import type { AppError } from '../../shared/errors.ts';
import type { ServerEnd } from './server-end.ts';

/** The client's end of a channel, as the server's messages concern it. */
export interface Flow {
  bytes(chunk: ArrayBuffer): void;
  frame(frame: Frame): void;
  failed(error: AppError): void;
}

/** What a client's end may do to what it is coupled by. */
export interface Hooks {
  begin(flow: Flow): void;
  moved(): void;
  done(): void;
  fail(error: AppError): void;
}

/**
 * One way to couple the client's end, an HTTP request, with a server's socket. Out: what the client's end is answered.
 * Throws what either side failed with before there was an answer.
 */
export type Coupling = (client: Request, channel: Channel, server: ServerEnd, hooks: Hooks) => Promise<Response>;
