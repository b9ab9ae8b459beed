import type { Bindings } from '../env.ts';
import { logError } from '../log.ts';
import type { Relay } from './object.ts';

/**
 * The object of an opened channel. A server's share sixteen objects, by the first digit of their id, instead of having
 * one each: workerd keeps a database file of every object that it ever ran, also of those that store nothing
 * (measured). Cast, because `Env` does not know our classes (their types would lead back to it).
 */
export const relayOf = (env: Pick<Bindings, 'RELAY'>, host: string, opened: string): DurableObjectStub<Relay> =>
  relayNamed(env, host, opened.slice(0, 1));

const relayNamed = (env: Pick<Bindings, 'RELAY'>, host: string, digit: string): DurableObjectStub<Relay> =>
  env.RELAY.getByName(`${host}.${digit}`) as DurableObjectStub<Relay>;

/**
 * Ends all transfers of a server whose credential is good no more. One that can't be told is left to the server's
 * socket, which its own end closes.
 */
export const endTransfers = async (env: Pick<Bindings, 'RELAY'>, host: string): Promise<void> => {
  const ended = await Promise.allSettled([...'0123456789abcdef'].map((digit) => relayNamed(env, host, digit).endAll()));
  for (const each of ended) if (each.status === 'rejected') logError('relay.not_ended', each.reason, { host });
};
