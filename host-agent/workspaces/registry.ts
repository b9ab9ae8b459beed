import { AppError } from '../../shared/errors.ts';
import { nilWorkspace } from '../../shared/ids.ts';
import type { Workspace } from './workspace.ts';

/** The workspaces of this server. */
export interface Workspaces {
  /** The machine itself: what a call that names no workspace is about. */
  readonly host: Workspace;
  /**
   * The workspace that the edge means; the nil id means the machine itself, as on the wire (architecture §2). Throws
   * AppError for one that is not here: a mission never runs in another place than the one it was made for.
   */
  named(id: string): Workspace;
}

export const workspacesOf = (host: Workspace): Workspaces => ({
  host,
  named: (id) => {
    if (id === host.id || id === nilWorkspace) return host;
    throw new AppError(
      'not_found',
      `This server has no workspace ${id}: it was removed, or belongs to another server. ` +
        'Start a new mission in a workspace that GET /api/workspaces lists.',
    );
  },
});
