import { AppError } from '../../shared/errors.ts';
import type { Bindings } from '../env.ts';
import type { Host } from '../host/object.ts';
import type { Reply } from '../host/replies.ts';
import { logError } from '../log.ts';
import type { Asked } from '../methods.ts';
import { isObjectAway, isPassing, objectAwayText } from '../object-away.ts';

/** A server's object as the Worker sees it: the same methods, with promises of their replies. */
export type HostObject = {
  [Name in Asked<Host>]: (...args: Parameters<Host[Name]>) => Promise<Awaited<ReturnType<Host[Name]>>>;
} & Pick<Fetcher, 'fetch'>;

/** The object of a server. One cast: the platform's own types turn `unknown` inside a reply into `never`. */
export const hostObject = (env: Pick<Bindings, 'HOST'>, host: string): HostObject =>
  env.HOST.getByName(host) as unknown as HostObject;

/**
 * Calls a server's object. A call that met a deploy or a move of the object is made once more, which is harmless: every
 * call is idempotent by id. One that met an overloaded object is not, since that would add to the load (Cloudflare:
 * "Error handling" of objects). An object that cannot be reached is 503 in the contract's words (§1.4).
 */
export const callObject = async <T>(
  env: Pick<Bindings, 'HOST'>,
  host: string,
  call: (object: HostObject) => Promise<T>,
): Promise<T> => {
  try {
    return await call(hostObject(env, host));
  } catch (cause) {
    if (!isPassing(cause)) throw unavailableIfAway(cause);
    logError('host.call.repeated', cause, { host });
  }
  try {
    return await call(hostObject(env, host));
  } catch (cause) {
    throw unavailableIfAway(cause);
  }
};

/** The value of a reply; a refusal becomes the error that clients are shown. */
export const unwrap = <T>(reply: Reply<T>): T => {
  if (reply.ok) return reply.value;
  throw new AppError(reply.code, reply.message);
};

const unavailableIfAway = (cause: unknown): unknown =>
  isObjectAway(cause) ? new AppError('unavailable', objectAwayText, { cause }) : cause;
