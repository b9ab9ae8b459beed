import { randomBytes } from 'node:crypto';
import type { TransferTicket } from '../../shared/channels/channel.ts';
import { AppError } from '../../shared/errors.ts';
import { sha256Hex } from '../digest.ts';
import type { Env } from '../env.ts';
import { failureIn } from './port.ts';
import { relayOf } from './relay-of.ts';

/** The Worker's side of one transfer: its ticket goes to the server in a call, then a body goes through. */
export interface Transfer {
  ticket: TransferTicket;
  /** Sends a body to the server, streaming. Out: what the server stored. Throws AppError with the cause. */
  upload(body: ReadableStream<Uint8Array> | null): Promise<unknown>;
  /** A body of so many bytes from the server. Throws AppError when it can't begin; later it breaks off. */
  download(bytes: number): Promise<ReadableStream<Uint8Array>>;
}

/** Opens a transfer with a server. Nothing is stored; what nobody comes for is given up by the object. */
export const openTransfer = async (env: Env, host: string): Promise<Transfer> => {
  const ticket = { id: crypto.randomUUID(), secret: randomBytes(32).toString('base64url') };
  const relay = relayOf(env, host, ticket.id);
  await relay.open(ticket.id, { host, secretSha256: sha256Hex(ticket.secret) });
  return {
    ticket,
    upload: async (body) => {
      const answer = await reached(relay.fetch(`http://relay/${ticket.id}/upload`, { method: 'POST', body }));
      if (!answer.ok) throw await failureIn(answer);
      return answer.json();
    },
    download: async (bytes) => {
      const answer = await reached(relay.fetch(`http://relay/${ticket.id}/download?bytes=${bytes}`));
      if (!answer.ok || !answer.body) throw await failureIn(answer);
      return answer.body;
    },
  };
};

/** A failed fetch means that the object was moved or redeployed meanwhile; its transfer is lost. */
const reached = async (answer: Promise<Response>): Promise<Response> => {
  try {
    return await answer;
  } catch (cause) {
    throw new AppError('unavailable', 'The transfer was interrupted. Try again.', { cause });
  }
};
