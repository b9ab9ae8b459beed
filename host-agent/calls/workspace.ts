import type { workspaceCalls } from '../../shared/calls/workspace.ts';
import type { PlaceFiles } from '../files/place-files.ts';
import type { RepliesTo } from './replies.ts';

/**
 * What the edge asks about a workspace: its calls name none yet, so the machine itself is meant, as the asking user's
 * place sees it.
 */
export const workspaceReplies = (
  placeOf: (owner: string | undefined) => PlaceFiles,
): RepliesTo<typeof workspaceCalls> => ({
  debug: (_, owner) => placeOf(owner).ask('debug', {}),
  initLog: (_, owner) => placeOf(owner).ask('initLog', {}),
});
