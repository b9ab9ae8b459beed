import { dirname, join } from 'node:path';
import type { StateFiles } from '../../config/state-files.ts';
import { openCodeFolders } from './folders.ts';

/** Where the secrets of this server are (process/known-secrets): JSON files, and folders of files with a key each. */
export const secretPlaces = (files: StateFiles): { files: string[]; folders: string[] } => {
  const folders = openCodeFolders(dirname(files.openCodeServer));
  return {
    files: [
      files.host,
      files.secrets,
      files.openCodeServer,
      folders.authFile,
      join(folders.givenConfig, 'opencode.json'),
    ],
    folders: [folders.providerKeys],
  };
};
