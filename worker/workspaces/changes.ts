import type * as z from 'zod';
import { AppError } from '../../shared/errors.ts';
import type { changedWorkspaceBody, WorkspaceJson } from '../../shared/routes/workspaces.ts';

/** Contract §2.3, rule 1. */
export const checkName = (name: string): void => {
  if (name.trim() === '') throw new AppError('bad_request', 'Name cannot be empty');
  if (/\.\.|[/\\]/.test(name)) throw new AppError('bad_request', 'Name contains invalid characters');
  if (name.startsWith('.')) throw new AppError('bad_request', 'Name cannot start with a dot');
};

/** Contract §2.3, rule 4; `root` is the default server's directory, '' while it has not said which. */
export const checkPath = (path: string, root: string): void => {
  const isInside = !path.startsWith('/') || path === root || path.startsWith(`${root}/`);
  if (isInside && !path.split('/').includes('..')) return;
  throw new AppError('bad_request', 'Custom path must be within the working directory');
};

/**
 * The fields that the request would change. A missing or null field stays as it is; an empty text clears the field
 * (contract §2.3).
 */
export const changes = (workspace: WorkspaceJson, wanted: z.infer<typeof changedWorkspaceBody>): string[] => {
  const now = new Map(Object.entries(workspace));
  return Object.entries(wanted).flatMap(([field, value]) => {
    if (value === null || value === undefined) return [];
    return JSON.stringify(value === '' ? null : value) === JSON.stringify(now.get(field)) ? [] : [field];
  });
};
