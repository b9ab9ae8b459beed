import type { TransferFrame } from '../../shared/channels/channel.ts';
import type { AppError } from '../../shared/errors.ts';

/** A body on its way, as the server's messages concern it. */
export interface Flow {
  bytes(chunk: ArrayBuffer): void;
  frame(frame: TransferFrame): void;
  failed(error: AppError): void;
}

/** What a body may do to its transfer. */
export interface Hooks {
  begin(flow: Flow): void;
  moved(): void;
  done(): void;
  fail(error: AppError): void;
}
