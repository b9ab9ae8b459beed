import { z } from 'zod';
import type { Call } from '../../shared/calls/call.ts';
import { AppError } from '../../shared/errors.ts';

/** One call this host-agent answers. `reply` checks what came and what goes out. */
export interface CallReply {
  method: string;
  reply(args: unknown): Promise<unknown>;
}

/** Binds a call to what answers it. `work` throws AppError for an expected failure; its text is shown to people. */
export const replyTo = <Args extends z.ZodType, Result extends z.ZodType>(
  { method, args, reply: result }: Call<Args, Result>,
  work: (args: z.output<Args>) => Promise<z.input<Result>> | z.input<Result>,
): CallReply => ({
  method,
  reply: async (given) => {
    const known = args.safeParse(given);
    if (!known.success) throw new AppError('bad_request', `${method}: ${z.prettifyError(known.error)}`);
    return result.parse(await work(known.data));
  },
});

/** The link's `onCall` over all of them. Throws `not_found` for a method that only a newer version knows. */
export const replyToCalls = (replies: readonly CallReply[]): ((method: string, args: unknown) => Promise<unknown>) => {
  const byMethod = new Map(replies.map((each) => [each.method, each]));
  return async (method, args) => {
    const known = byMethod.get(method);
    if (!known) throw new AppError('not_found', `This server's host-agent answers no ${method}. Update it.`);
    return known.reply(args);
  };
};
