import { AppError } from '../../shared/errors.ts';
import { hostWorkspace } from '../workspaces/host-workspace.ts';
import { initLog, inspectWorkspace } from '../workspaces/inspect.ts';
import { prepareMissionDirectory, type SeedConfigDirectory } from '../workspaces/mission-directory.ts';
import type { FileRoots } from '../workspaces/outside.ts';
import { emptyMissionFiles } from '../workspaces/remove-mission.ts';
import { listDirectory, makeDirectory, remove } from './browse.ts';
import { withFileErrors } from './errors.ts';
import type { PlaceFiles } from './place-files.ts';
import { putFile } from './putting.ts';
import { openReading } from './reading.ts';
import type { ArgsOf, ReplyOf, Verb } from './verbs.ts';

/** What each verb does. */
type Acts = { [V in Verb]: (args: ArgsOf<V>) => Promise<ReplyOf<V>> };

/** Files as the user of this very process reaches them. */
export const filesHere = (roots: FileRoots, seed: SeedConfigDirectory): PlaceFiles => {
  const workspace = hostWorkspace('', roots);
  const { files } = workspace;
  const acts: Acts = {
    list: ({ scope, path }) => listDirectory(files, scope, path),
    makeDirectory: async ({ scope, path }) => {
      await makeDirectory(files, scope, path);
      return {};
    },
    remove: async ({ scope, path, recursive }) => {
      await remove(files, scope, path, recursive);
      return {};
    },
    check: async ({ scope, path }) => {
      const wanted = files.wanted(scope, path);
      await withFileErrors(path, () => files.check(scope, wanted));
      return { shown: wanted.shown };
    },
    debug: () => inspectWorkspace(workspace),
    initLog: async () => {
      try {
        return await initLog(workspace);
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : 'unknown reason';
        throw new AppError('internal', `The init log can't be read: ${reason}`, { cause });
      }
    },
    cleanMission: async ({ mission }) => {
      await prepareMissionDirectory(workspace, mission, { clean: true, seed });
      return {};
    },
    emptyMission: async ({ mission }) => {
      await emptyMissionFiles(files, mission);
      return {};
    },
  };
  return {
    ask: (verb, args) => acts[verb](args),
    read: ({ scope, withBytes, ...wanted }) => openReading(files, scope, wanted),
    put: ({ scope, ...wanted }, bytes) => putFile(files, scope, wanted, bytes),
  };
};
