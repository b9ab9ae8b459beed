/** What the warden is asked on its socket, one line of JSON for each connection, and what it answers. */
import { join } from 'node:path';
import * as z from 'zod';
import { missionId } from '../../shared/ids.ts';

/** A user of Open Agent, as missions name theirs. */
const owner = z.string().min(1).max(200);
/** Drawn by the hands for each place that they enter. */
const hold = z.uuid();

export const request = z.discriminatedUnion('verb', [
  /** The life of a place that is entered next: when the hands let this connection go, all that runs there ends. */
  z.strictObject({ verb: z.literal('hold'), hold }),
  /** This connection becomes standard input and output of an actor in the owner's place. */
  z.strictObject({ verb: z.literal('enter'), owner, hold }),
  /** Makes the mission's directory, and that of the files it was given, the owner's. */
  z.strictObject({ verb: z.literal('give'), owner, mission: missionId, directory: z.string().max(4_096) }),
  /** What the owner's place holds on the disk: its home, what is temporary to it, its missions' directories. */
  z.strictObject({ verb: z.literal('measure'), owner }),
  /** Agents reach this port of the machine itself no more, and one that was closed before is theirs again. */
  z.strictObject({ verb: z.literal('close'), port: z.int().min(1).max(65_535) }),
]);
export type Request = z.infer<typeof request>;

/** The last is said by the place itself, once it stands: the process that holds it. */
export const answer = z.union([
  z.strictObject({ error: z.string() }),
  z.strictObject({ done: z.literal(true) }),
  z.strictObject({ pid: z.int().positive() }),
  /** Null where agents are a user of the machine (AGENT_USER), whose files are not the place's alone. */
  z.strictObject({ bytes: z.int().nonnegative().nullable() }),
]);
export type Answer = z.infer<typeof answer>;

/** No request or answer is longer. */
export const maxLineBytes = 8 * 1024;

/** The warden's socket in its directory. */
export const wardenSocket = (directory: string): string => join(directory, 'warden.sock');
