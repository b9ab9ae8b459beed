import type { workspaceCalls } from '../../shared/calls/workspace.ts';
import { AppError } from '../../shared/errors.ts';
import type { PlaceFiles } from '../files/place-files.ts';
import type { RepliesTo } from './replies.ts';

/**
 * What the edge asks about a workspace: a call that names none means the machine itself, as the asking user's place
 * sees it.
 */
export const workspaceReplies = (
  placeOf: (owner: string | undefined) => PlaceFiles,
): RepliesTo<typeof workspaceCalls> => ({
  debug: ({ workspace }, owner) => (workspace === undefined ? placeOf(owner).ask('debug', {}) : notHere({ workspace })),
  initLog: ({ workspace }, owner) =>
    workspace === undefined ? placeOf(owner).ask('initLog', {}) : notHere({ workspace }),
  get: notHere,
  snapshots: notHere,
  exec: notHere,
});

/** This version has the machine itself alone. */
const notHere = ({ workspace }: { workspace: string }): never => {
  throw new AppError(
    'not_found',
    `This server's host-agent has no workspace ${workspace} but the machine itself. Update it.`,
  );
};
