import type { z } from 'zod';

/**
 * A question that the edge asks a server while somebody waits: sent as `call`, answered by `result`, never stored (protocol
 * §2). What has to survive a lost link is a command instead.
 */
export interface Call<Args extends z.ZodType = z.ZodType, Reply extends z.ZodType = z.ZodType> {
  method: string;
  args: Args;
  reply: Reply;
  /** It may take as long as a person does (a login in another window): no limit on the wait. */
  isPatient: boolean;
}

/** Names a call and says what goes in and what comes out; both sides check both with these schemas. */
export const call = <Args extends z.ZodType, Reply extends z.ZodType>(
  method: string,
  args: Args,
  reply: Reply,
  { isPatient = false }: { isPatient?: boolean } = {},
): Call<Args, Reply> => ({ method, args, reply, isPatient });
