import { AppError } from '../../shared/errors.ts';
import type { Bindings } from '../env.ts';
import type { Host } from '../host/object.ts';
import type { Reply } from '../host/replies.ts';
import { logError } from '../log.ts';

type Calls = Pick<
  Host,
  | 'createMission'
  | 'mission'
  | 'message'
  | 'events'
  | 'tree'
  | 'progress'
  | 'setStatus'
  | 'cancel'
  | 'cancelMain'
  | 'resume'
  | 'deleteMission'
  | 'cleanup'
  | 'queued'
  | 'editQueued'
  | 'removeQueued'
  | 'clearQueue'
  | 'running'
  | 'asks'
  | 'answer'
  | 'tell'
  | 'startNow'
  | 'slots'
  | 'call'
  | 'isConnected'
  | 'fence'
  | 'remove'
>;

/** A server's object as the Worker sees it: the same methods, with promises of their replies. */
export type HostObject = {
  [Name in keyof Calls]: (...args: Parameters<Calls[Name]>) => Promise<Awaited<ReturnType<Calls[Name]>>>;
} & Pick<Fetcher, 'fetch'>;

/** The object of a server. One cast: the platform's own types turn `unknown` inside a reply into `never`. */
export const hostObject = (env: Pick<Bindings, 'HOST'>, host: string): HostObject =>
  env.HOST.getByName(host) as unknown as HostObject;

/**
 * Calls a server's object. A call that met a deploy or a move of the object is made once more, which is harmless: every
 * call is idempotent by id. An object that still cannot be reached is 503 in the contract's words (§1.4).
 */
export const callObject = async <T>(
  env: Pick<Bindings, 'HOST'>,
  host: string,
  call: (object: HostObject) => Promise<T>,
): Promise<T> => {
  try {
    return await call(hostObject(env, host));
  } catch (cause) {
    if (!isPlatformFault(cause)) throw cause;
    logError('host.call.repeated', cause, { host });
  }
  try {
    return await call(hostObject(env, host));
  } catch (cause) {
    if (!isPlatformFault(cause)) throw cause;
    throw new AppError('unavailable', 'control session unavailable', { cause });
  }
};

/** The value of a reply; a refusal becomes the error that clients are shown. */
export const unwrap = <T>(reply: Reply<T>): T => {
  if (reply.ok) return reply.value;
  throw new AppError(reply.code, reply.message);
};

/** Marks the runtime sets on errors that are its own and not the object's (Cloudflare: "Error handling" of objects). */
const isPlatformFault = (cause: unknown): boolean =>
  cause instanceof Error &&
  ['retryable', 'overloaded', 'durableObjectReset'].some((mark) => Reflect.get(cause, mark) === true);
