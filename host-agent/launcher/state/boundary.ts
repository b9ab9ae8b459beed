import type { LinuxUser } from '../../config/linux-user.ts';
import type { Settings } from '../../config/settings.ts';
import { StartError } from '../../config/start-error.ts';
import type { ContainmentMeans } from '../../process/namespace.ts';

/**
 * How agents are kept apart from Open Agent on this machine: in places that the warden makes (architecture §12), where
 * each owner's agents are a Linux user of their own or all are `user`; or not at all, and why, for people. `elsewhere`:
 * this start begins nothing that acts for agents.
 */
export type Boundary =
  | { kind: 'places'; user: LinuxUser | null }
  | { kind: 'none'; why: string }
  | { kind: 'elsewhere' };

/** Throws StartError where AGENT_USER asks for what this machine can't do. */
export const boundaryOf = (
  { agentUser, environment }: Pick<Settings, 'agentUser' | 'environment'>,
  { setpriv, pidNamespace }: ContainmentMeans,
  isRoot = process.getuid?.() === 0,
): Exclude<Boundary, { kind: 'elsewhere' }> => {
  const home = environment.AGENT_HOME;
  if (agentUser?.uid === 0) return { kind: 'none', why: asRoot };
  if (!isRoot) return { kind: 'none', why: asOurselves };
  if (setpriv && pidNamespace)
    return { kind: 'places', user: agentUser ? { ...agentUser, home: home ?? agentUser.home } : null };
  if (!agentUser) return { kind: 'none', why: withoutNamespaces };
  throw new StartError(
    `AGENT_USER is "${agentUser.name}", and this machine can make no place for that user: it takes mount and PID namespaces ` +
      'and util-linux. Allow them (a container needs CAP_SYS_ADMIN), or set AGENT_USER=root, which keeps agents from nothing.',
  );
};

const canRead = 'they can read and change what it can, its password and the keys of providers too';

const asRoot = `AGENT_USER=root: agents run as root, as Open Agent does; ${canRead}.`;
const asOurselves = `Agents run as the user that Open Agent runs as; ${canRead}. As root it gives them users of their own.`;
const withoutNamespaces = `Agents run as root, as Open Agent does, since mount and PID namespaces or util-linux are missing here; ${canRead}.`;
