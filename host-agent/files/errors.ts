import { userInfo } from 'node:os';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import { beginningOf } from '../../shared/text.ts';

/** On the server: of the place in which this process acts. */
const user = (): string => {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.()); // It has a number and no name.
  }
};

const known: Record<string, [ErrorCode, (path: string) => string]> = {
  ENOENT: ['not_found', (path) => `File not found: ${path}`],
  ENOTDIR: ['not_found', (path) => `File not found: ${path}: it, or something above it, is no directory.`],
  EISDIR: ['conflict', (path) => `${path} is a directory: choose another name.`],
  EEXIST: ['conflict', (path) => `${path} exists already: choose another name.`],
  ENOTEMPTY: ['conflict', (path) => `${path} is not empty: something was put there just now. Try again.`],
  ELOOP: ['bad_request', (path) => `${path} leads over a symlink that is not followed here.`],
  ENAMETOOLONG: [
    'bad_request',
    (path) => `The name is too long for the server's file system: ${beginningOf(path, 100)}…`,
  ],
  EACCES: ['forbidden', (path) => `Permission denied as user ${user()}: ${path}.`],
  EPERM: ['forbidden', (path) => `Not permitted as user ${user()}: ${path}.`],
  EROFS: ['forbidden', (path) => `${path} is on a file system that cannot be written to.`],
  EBUSY: ['conflict', (path) => `${path} is in use by the system.`],
  ENOSPC: ['internal', (path) => `The server's disk is full: free some space, then send ${path} again.`],
  EDQUOT: ['internal', (path) => `The disk quota on the server is used up: free some space, then send ${path} again.`],
  EFBIG: ['too_large', (path) => `${path} is larger than the server's file system takes.`],
};

/** Does something with files; what the file system refuses becomes a text about `path`, in the client's words. */
export const withFileErrors = async <T>(path: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw fileError(error, path);
  }
};

export const fileError = (error: unknown, path: string): unknown => {
  if (!(error instanceof Error) || !('code' in error) || error instanceof AppError) return error;
  const found = known[String(error.code)];
  return found ? new AppError(found[0], found[1](path), { cause: error }) : error;
};
