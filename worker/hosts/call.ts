import type * as z from 'zod';
import type { Call } from '../../shared/calls/call.ts';
import type { DeclaredCall } from '../../shared/calls/calls.ts';
import { within } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { awayMs } from '../../shared/limits.ts';
import { neededScope } from '../../shared/scopes.ts';
import type { Env } from '../env.ts';
import { type Principal, requireScope } from '../principal.ts';
import { limitsOf } from '../quotas/limits.ts';
import { callObject, unwrap } from './object.ts';

/**
 * Makes a declared call to a server while a client waits, on behalf of a principal. Out: its checked reply. Throws
 * AppError: 403 for a principal that may not, before anything is sent; 429 where as many of its calls wait as may; the
 * server's own refusal; 503 when it is away; 500 when its reply is not what this version knows.
 */
export const callHost = async <Args extends z.ZodType, Reply extends z.ZodType>(
  env: Env,
  principal: Principal,
  host: string,
  call: Call<Args, Reply> & Pick<DeclaredCall, 'method'>,
  args: z.input<Args>,
): Promise<z.output<Reply>> => {
  requireScope(principal, neededScope(call.who, call.does));
  const limits = await limitsOf(env, principal.user.id);
  const replied = callObject(env, host, (object) => object.call(principal, call.method, args, limits));
  const value = unwrap(
    await (call.isPatient ? replied : within(env.clock, awayMs, replied, () => isLate(call.method))),
  );
  const known = call.reply.safeParse(value);
  if (known.success) return known.data;
  throw new AppError(
    'internal',
    `The server's answer to ${call.method} is of another version. Update the older side.`,
    {
      cause: known.error,
    },
  );
};

/** A server that hangs keeps its socket open, so it looks connected for as long as this limit. */
const isLate = (method: string): never => {
  const text = `The server did not answer ${method} within ${awayMs / 1000} s. Look at its host-agent's log.`;
  throw new AppError('unavailable', text);
};
