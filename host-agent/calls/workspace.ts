import type { workspaceCalls } from '../../shared/calls/workspace.ts';
import { AppError } from '../../shared/errors.ts';
import { initLog, inspectWorkspace } from '../workspaces/inspect.ts';
import type { Workspaces } from '../workspaces/registry.ts';
import type { RepliesTo } from './replies.ts';

/** What the edge asks about a workspace: its calls name none yet, so the machine itself is meant. */
export const workspaceReplies = ({ host }: Workspaces): RepliesTo<typeof workspaceCalls> => ({
  debug: () => inspectWorkspace(host),
  initLog: async () => {
    try {
      return await initLog(host);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : 'unknown reason';
      throw new AppError('internal', `The init log can't be read: ${reason}`, { cause });
    }
  },
});
