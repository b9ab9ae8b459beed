import { directory } from '../directory/directory.ts';
import { hostsOfOwner } from '../directory/hosts.ts';
import type { Context } from '../http/context.ts';
import { may } from '../principal.ts';

/**
 * Which servers' machines whoever asks is told of: where something lies there, what it listens on, whether it works.
 * Admins know all, a user those with a mission of theirs. That a server is there, its name and its agents are for
 * everyone who works with this edge, since they choose among servers.
 */
export const knownMachines = async (c: Context): Promise<(host: string) => boolean> => {
  const principal = c.get('principal');
  if (may(principal, 'admin')) return () => true;
  const own = new Set(await hostsOfOwner(directory(c.env), principal.user.id));
  return (host) => own.has(host);
};
