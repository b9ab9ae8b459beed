/** What somebody may do here. */

/** `read`: look at what is theirs. `run`: change it, and have agents work. `admin`: change what others depend on. */
export type Scope = 'read' | 'run' | 'admin';

/** What an admin may. Everybody else lacks the last. */
export const adminScopes: readonly Scope[] = ['read', 'run', 'admin'];
export const userScopes: readonly Scope[] = ['read', 'run'];

/** Whether a route or a call only looks at something. */
export type Does = 'read' | 'change';

/**
 * What is needed for something that is declared for users, residents or admins, and does this. Whether a user is a
 * resident of a server only its object knows (worker/host/missions/residents).
 */
export const neededScope = (who: 'user' | 'resident' | 'admin', does: Does): Scope => {
  if (who === 'admin') return 'admin';
  return does === 'read' ? 'read' : 'run';
};
