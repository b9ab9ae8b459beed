import { workspaceDebug, workspaceInitLog } from '../../shared/calls/workspace.ts';
import { AppError } from '../../shared/errors.ts';
import { initLog, inspectWorkspace } from '../workspaces/inspect.ts';
import { type Answer, answer } from './replies.ts';

/** What the edge asks about the host workspace, whose root is `workingDir`. */
export const workspaceAnswers = (workingDir: string): Answer[] => [
  answer(workspaceDebug, () => inspectWorkspace(workingDir)),
  answer(workspaceInitLog, async () => {
    try {
      return await initLog(workingDir);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : 'unknown reason';
      throw new AppError('internal', `The init log can't be read: ${reason}`, { cause });
    }
  }),
];
