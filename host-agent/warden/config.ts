import * as z from 'zod';

/** Somebody of this machine's /etc/passwd. */
export const linuxUser = z.strictObject({
  name: z.string(),
  uid: z.int().positive(),
  gid: z.int().nonnegative(),
  home: z.string().startsWith('/'),
});
export type LinuxUser = z.infer<typeof linuxUser>;

/** What the warden is told as its one argument: nothing in it is secret. All paths are absolute. */
export const wardenConfig = z.strictObject({
  /** The warden's own: its socket, the numbers of users, what is mounted. */
  directory: z.string(),
  /** Homes of owners, and what is temporary to them. */
  places: z.string(),
  /** Nothing of it is seen in a place but missions and what was given to them. */
  workingDir: z.string(),
  /** Programs and their libraries that the actor needs. */
  programs: z.array(z.string()),
  /** Files that nobody sees in a place. */
  hidden: z.array(z.string()),
  /** Command line of an actor. */
  actor: z.array(z.string()).min(1),
  /** Processes and threads of a place, together. */
  maxTasks: z.int().positive(),
  /** All agents run as this user (AGENT_USER), else each owner's as one of its own. */
  user: linuxUser.nullable(),
});
export type WardenConfig = z.infer<typeof wardenConfig>;

/** Argument of `actor-child`: the home of its environment is that of a place's user, who may do anything in it. */
export const ownHome = 'own-home';
