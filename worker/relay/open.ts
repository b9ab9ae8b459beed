import { randomBytes } from 'node:crypto';
import type { Channel, Ticket } from '../../shared/channels/channel.ts';
import { AppError } from '../../shared/errors.ts';
import { sha256Hex } from '../digest.ts';
import type { Bindings } from '../env.ts';
import type { Principal } from '../principal.ts';
import { failureIn } from './port.ts';
import { relayOf } from './relay-of.ts';

/**
 * The Worker's end of a channel that was opened: its ticket goes to the server in a call, then the client's end is
 * coupled.
 */
export interface Opened<C extends Channel> {
  channel: C;
  ticket: Ticket;
  /** Makes the request the client's end. Out: what it is answered. Throws AppError with the cause. */
  couple(query: string, init?: RequestInit): Promise<Response>;
}

/**
 * Opens a channel with a server for somebody, with whose login it ends. Nothing is stored; what nobody comes for is
 * given up by the object.
 */
export const openChannel = async <C extends Channel>(
  env: Pick<Bindings, 'RELAY'>,
  host: string,
  channel: C,
  principal: Principal,
): Promise<Opened<C>> => {
  const ticket = { id: crypto.randomUUID(), secret: randomBytes(32).toString('base64url') };
  const relay = relayOf(env, host, ticket.id);
  await relay.open(ticket.id, channel.name, { host, secretSha256: sha256Hex(ticket.secret) }, principal);
  return {
    channel,
    ticket,
    couple: async (query, init) => {
      const answer = await reached(relay.fetch(`http://relay/${ticket.id}/client${query}`, init));
      if (!answer.ok && answer.status !== 101) throw await failureIn(answer);
      return answer;
    },
  };
};

/** Sends a body to the server, streaming. Out: what became of it. Throws AppError with the cause. */
export const sendBody = async <Value>(
  { channel, couple }: Opened<Channel<'to server', Value>>,
  body: ReadableStream<Uint8Array> | null,
): Promise<Value> => channel.value.parse(await (await couple('', { method: 'POST', body })).json());

/** A body of so many bytes from the server. Throws AppError when it can't begin; later it breaks off. */
export const receiveBody = async (
  { couple }: Pick<Opened<Channel<'from server'>>, 'couple'>,
  bytes: number,
): Promise<ReadableStream<Uint8Array>> => {
  const answer = await couple(`?bytes=${bytes}`);
  if (!answer.body) throw await failureIn(answer);
  return answer.body;
};

/** A failed fetch means that the object was moved or redeployed meanwhile; what was on its way is lost. */
const reached = async (answer: Promise<Response>): Promise<Response> => {
  try {
    return await answer;
  } catch (cause) {
    throw new AppError('unavailable', 'The transfer was interrupted. Try again.', { cause });
  }
};
