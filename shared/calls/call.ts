import type * as z from 'zod';
import type { Does } from '../scopes.ts';

/** What a call is about: one word of the glossary. */
export type Resource = 'file' | 'mission' | 'opencode' | 'provider' | 'server' | 'workspace';

/**
 * What the edge asks a server while somebody waits: sent as `call`, replied to by `result`, never stored (protocol §2).
 * What has to survive a lost link is a command instead. Declared once, with everything that is true of it: both sides
 * check what goes in and what comes out with these schemas, and the edge sends nothing for a principal that may not.
 */
export interface Call<Args extends z.ZodType = z.ZodType, Reply extends z.ZodType = z.ZodType> {
  method: string;
  /** Whether it only looks at something, or changes it. */
  does: Does;
  on: Resource;
  /**
   * `user`: whoever is logged in. `resident`: a user who has a mission on the server, or an admin. `admin`: a user who
   * may change what others depend on.
   */
  who: 'user' | 'resident' | 'admin';
  args: Args;
  reply: Reply;
  /** It may take as long as a person does (a login in another window): no limit on the wait. */
  isPatient?: boolean;
}

/** A declaration as it stands, with its exact types. Each belongs to a group of `callGroups`. */
export const call = <const C extends Call>(declared: C): C => declared;
