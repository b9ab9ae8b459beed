import { AppError } from '../../shared/errors.ts';
import { directory } from '../directory/directory.ts';
import { type HostRow, listHosts } from '../directory/hosts.ts';
import type { Context } from '../http/context.ts';

/**
 * The server a request is about: `?host=`, else the default one; null where none is enrolled. 404 for an unknown one.
 */
export const hostOfQuery = async (c: Context): Promise<HostRow | null> => {
  const wanted = c.req.query('host')?.toLowerCase() || null;
  const all = await listHosts(directory(c.env));
  if (wanted === null) return all[0] ?? null;
  const found = all.find(({ id }) => id === wanted);
  if (!found) throw new AppError('not_found', `Server ${wanted} not found`);
  return found;
};
