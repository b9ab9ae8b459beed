/** A sentence for the model, which tells it what to do next. */
export class Refused extends Error {}

/** The code of a system's error, such as `ENOENT`; null for any other. */
export const codeOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;

/** What a model is told of an error that is not ours; null for one that is a bug. */
export const sentenceOf = (error: unknown): string | null => {
  if (error instanceof Refused) return error.message;
  const path = error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : 'this place';
  switch (codeOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return `The user whose rights this agent has may not do that with ${path}.`;
    case 'ENOENT':
      return `${path} does not exist any more.`;
    case 'ENOTDIR':
      return `A part of ${path} is a file, not a directory.`;
    case 'EISDIR':
      return `${path} is a directory.`;
    case 'ENAMETOOLONG':
      return 'A name in this path is too long for this file system.';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'The disk is full: nothing was written. Remove something, or tell the person.';
    case 'EROFS':
      return `${path} is on a file system that can only be read.`;
    case 'EMFILE':
    case 'ENFILE':
      return 'Too many files are open at the moment. Try again.';
    case 'EIO':
      return `The disk could not read or write ${path}.`;
    default:
      return null;
  }
};
