import { randomUUID } from 'node:crypto';
import { copyFile, rename, rm } from 'node:fs/promises';
import type { FileScope } from '../../shared/calls/files.ts';
import type { WorkspaceFiles } from '../workspaces/workspace.ts';
import { withFileErrors } from './errors.ts';

/**
 * Moves a whole file to its final name in the directory that a client means, which is made if need be; one of that name
 * is replaced. Nobody ever sees half a file there. Out: where it is now.
 */
export const placeFile = (
  files: WorkspaceFiles,
  scope: FileScope,
  path: string,
  { file, name }: { file: string; name: string },
): Promise<{ path: string; name: string }> =>
  withFileErrors(`${path.replace(/\/+$/, '')}/${name}`, async () => {
    const directory = await files.openDirectory(scope, files.wanted(scope, path), { make: true });
    try {
      await move(file, directory.at(name), directory.at(`.openagent-${randomUUID()}.part`));
      return { path: `${directory.path === '/' ? '' : directory.path}/${name}`, name };
    } finally {
      await directory.close();
    }
  });

/**
 * Moves a file. Where `rename` cannot, because the target is on another file system, it is copied under a temporary
 * name first.
 */
const move = async (from: string, to: string, beside: string): Promise<void> => {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error;
    try {
      await copyFile(from, beside);
      await rename(beside, to);
    } finally {
      await rm(beside, { force: true });
    }
    await rm(from, { force: true });
  }
};
