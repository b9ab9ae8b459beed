import { constants } from 'node:os';
import { AppError } from '../../shared/errors.ts';
import { runProgram } from '../process/child.ts';
import { checkRemovable, type FileRoots, reachable, wantedPath } from './outside.ts';
import { openDirectory, openFile, openParent } from './pinned.ts';
import type { Finished, Workspace, WorkspaceFiles } from './workspace.ts';

/** What a person types in is meant for this one; `sh` of Debian is another language. */
const bash = '/bin/bash';
/** Kept of what a program says, in memory; one that says more is ended. */
const maxChars = 16 * 1024 * 1024;

/** The machine itself as a workspace, from its working directory on: programs run as the host-agent's own user. */
export const hostWorkspace = (id: string, roots: FileRoots): Workspace => {
  const run: Workspace['run'] = (program, args, options) =>
    finished(program, args, options?.directory ?? roots.workingDir);
  return {
    id,
    directory: roots.workingDir,
    run,
    shell: (line, options) => run(bash, ['-c', line], options),
    files: hostFiles(roots),
  };
};

/** Files of this machine below `roots.workingDir`, and all others for those who may see everything. */
export const hostFiles = (roots: FileRoots): WorkspaceFiles => ({
  wanted: (scope, path) => wantedPath(roots, scope, path),
  check: async (scope, wanted) => {
    await reachable(roots, scope, wanted);
  },
  openDirectory: (scope, wanted, options) => openDirectory(roots, scope, wanted, options),
  openFile: (scope, wanted) => openFile(roots, scope, wanted),
  openParent: (scope, wanted) => openParent(roots, scope, wanted),
  checkRemovable: (real, shown) => checkRemovable(roots, real, shown),
});

const finished = async (program: string, args: readonly string[], cwd: string): Promise<Finished> => {
  const command = [program, ...args] as const;
  const ran = await runProgram({ command, env: process.env, cwd, output: 'kept', maxChars });
  const { code, signal, stdout, stderr } = ran;
  if (code !== undefined) return { exitCode: code, stdout, stderr };
  if (signal) return { exitCode: 128 + constants.signals[signal], stdout, stderr };
  throw new AppError('internal', `${program} could not be run in ${cwd}: ${ran.failure}`);
};
