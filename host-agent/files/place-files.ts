import type * as z from 'zod';
import type { Reading } from './reading.ts';
import type { ArgsOf, putArgs, putReply, ReplyOf, readArgs, Verb } from './verbs.ts';

/**
 * Files as the user of one place reaches them: in this process (here.ts), or in the actor of an owner (in-place.ts).
 * All throw AppError with a text for people.
 */
export interface PlaceFiles {
  ask<V extends Verb>(verb: V, args: ArgsOf<V>): Promise<ReplyOf<V>>;
  /** A file, open for reading: it has to be closed. Without `withBytes` nothing can be read of it. */
  read(args: z.output<typeof readArgs>): Promise<Reading>;
  /** Makes the bytes a file, whole or not at all. Out: where it is. */
  put(args: z.output<typeof putArgs>, bytes: AsyncIterable<Uint8Array>): Promise<z.output<typeof putReply>>;
}
