import { missionIdParam, uuidParam } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import type { MissionId } from '../../shared/ids.ts';
import type { Context } from './context.ts';

/** The mission id in the path, lower-cased; 400 for anything that is no UUID (contract §1.4). */
export const missionParam = (c: Context): MissionId => {
  const parsed = missionIdParam.safeParse(c.req.param('id'));
  if (parsed.success) return parsed.data;
  throw invalidUrl('the mission id in the path must be a UUID');
};

/** Any other UUID in the path. */
export const idParam = (c: Context): string => {
  const parsed = uuidParam.safeParse(c.req.param('id'));
  if (parsed.success) return parsed.data;
  throw invalidUrl('the id in the path must be a UUID');
};

/** A mission id in the query, or null when absent. */
export const missionQuery = (c: Context, name: string): MissionId | null => {
  const text = c.req.query(name);
  if (text === undefined) return null;
  const parsed = missionIdParam.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new AppError('bad_request', `Invalid query: ${name} must be a UUID`);
};

/** Which part of a list is wanted. */
export interface Page {
  limit: number;
  offset: number;
}

/** `?limit=` (1 to `most`) and `?offset=`, which clients may leave out; 400 for anything else. */
export const pageQuery = (c: Context, missing: number, most: number): Page => {
  const limit = countQuery(c, 'limit', missing);
  if (limit >= 1 && limit <= most) return { limit, offset: countQuery(c, 'offset', 0) };
  throw new AppError('bad_request', `Invalid query: limit must be a whole number from 1 to ${most}; go on with offset`);
};

/** Tells a client how long the whole list is, whose entries it got a part of: the body is the contract's bare array. */
export const tellTotal = (c: Context, total: number): void => c.header('X-Total-Count', String(total));

/** The wanted part of a list that is there as a whole: all of it where a client names no limit. */
export const pageOf = <T>(c: Context, list: readonly T[]): T[] => {
  const { limit, offset } = pageQuery(c, Math.max(1, list.length), Number.MAX_SAFE_INTEGER);
  tellTotal(c, list.length);
  return list.slice(offset, offset + limit);
};

/** A whole number from 0 in the query; 400 for anything else. */
export const countQuery = (c: Context, name: string, missing: number): number => {
  const text = c.req.query(name);
  if (text === undefined) return missing;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new AppError('bad_request', `Invalid query: ${name} must be a whole number from 0`);
};

const invalidUrl = (reason: string) => new AppError('bad_request', `Invalid URL: ${reason}`);
