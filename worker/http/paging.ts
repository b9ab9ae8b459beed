import type { Page } from '../../shared/routes/scalars.ts';
import type { Context } from './context.ts';

/** Tells a client how long the whole list is, whose entries it got a part of: the body is the contract's bare array. */
export const tellTotal = (c: Context, total: number): void => c.header('X-Total-Count', String(total));

/** The same for a response that is made by hand. */
export const totalHeader = (total: number): Record<string, string> => ({ 'X-Total-Count': String(total) });

/** The wanted part of a list that is there as a whole: all of it where a client names no limit. */
export const pageOf = <T>(c: Context, { limit, offset = 0 }: Page, list: readonly T[]): T[] => {
  tellTotal(c, list.length);
  return list.slice(offset, limit === undefined ? undefined : offset + limit);
};
