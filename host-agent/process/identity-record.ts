import * as z from 'zod';
import type { ProcessIdentity } from './identity.ts';

/** An identity as it is kept on disk. */
export const processIdentity = z.object({
  pid: z.int().positive(),
  startTicks: z.string(),
  bootId: z.string(),
}) satisfies z.ZodType<ProcessIdentity>;
