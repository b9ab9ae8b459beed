import type { Bindings } from '../env.ts';
import type { Relay } from './object.ts';

/**
 * The object of an opened channel. A server's share sixteen objects, by the first digit of their id, instead of having
 * one each: workerd keeps a database file of every object that it ever ran, also of those that store nothing
 * (measured). Cast, because `Env` does not know our classes (their types would lead back to it).
 */
export const relayOf = (env: Pick<Bindings, 'RELAY'>, host: string, opened: string): DurableObjectStub<Relay> =>
  env.RELAY.getByName(`${host}.${opened.slice(0, 1)}`) as DurableObjectStub<Relay>;
