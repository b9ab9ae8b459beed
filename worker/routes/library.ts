import { absentLibraryRoutes, libraryRoutes } from '../../shared/routes/absent.ts';
import type { Context } from '../http/context.ts';
import { notYet } from '../http/not-yet.ts';
import { on, type Served } from '../http/on.ts';
import { openAgentConfig, selectableAgents } from '../opencode/agents.ts';

/** Contract §2.4; dashboards switch the page over to a set-up screen that shows this. */
const notConfigured = 'Library not configured. Set a Git repo in Settings.';
const notThere = 'This version of Open Agent has no library yet: the Git repo that is set is not used.';

/** Refused whatever the body is: without a library there is nothing to be right or wrong about. */
const withoutLibrary = (c: Context): Response => {
  const remote = c.req.header('x-openagent-library-remote')?.trim() || c.env.LIBRARY_REMOTE?.trim();
  return notYet(remote ? notThere : notConfigured)(c);
};

/**
 * The library (contract §2.4): what OpenCode knows by itself is answered, the rest needs files that this version does
 * not have.
 */
export const library: Served[] = [
  on(libraryRoutes.agents, ({ c }) => selectableAgents(c)),
  on(libraryRoutes.config, ({ c }) => openAgentConfig(c)),
  ...absentLibraryRoutes.map((route) => on(route, ({ c }) => withoutLibrary(c))),
];
