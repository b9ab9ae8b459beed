/** Types of the contract's wire (§0.2, §1.6) that many routes have. */
import * as z from 'zod';
import { anyUuid, missionId, uuid } from '../ids.ts';

export const count = z.number().int().nonnegative();
/** Three fraction digits and Z, which both existing clients parse. */
export const time = z.iso.datetime({ precision: 3 });
export const texts = z.array(z.string());
/** `{ok: true}` and what a route adds to it. */
export const done = <T extends z.ZodRawShape>(more: T) => z.object({ ok: z.literal(true), ...more });

/** An id that a client names in a path or a query, lowered before anything else sees it. */
const named = <T extends z.ZodType<string, string>>(id: T, error: string) =>
  anyUuid(error).pipe(id).meta({ format: 'uuid' });

/** `:id` of a mission. */
export const missionInPath = z.object({ id: named(missionId, 'the mission id in the path must be a UUID') });
/** Any other `:id` that is a UUID. */
export const idInPath = z.object({ id: named(uuid, 'the id in the path must be a UUID') });
/** A mission named in a query, under this name. */
export const missionInQuery = (name: string) => named(missionId, `${name} must be a UUID`);

/** A whole number from 0 in a query, under this name. */
export const countInQuery = (name: string) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `${name} must be a whole number from 0`)
    .transform(Number);

/** Which part of a list is wanted: `limit` (1 to `most`) and `offset`, which clients may leave out. */
export const pageQuery = (most: number) =>
  z.object({
    limit: countInQuery('limit')
      .refine(
        (limit) => limit >= 1 && limit <= most,
        `limit must be a whole number from 1 to ${most}; go on with offset`,
      )
      .optional(),
    offset: countInQuery('offset').optional(),
  });
export type Page = z.output<ReturnType<typeof pageQuery>>;
/**
 * Which entries of a conversation are wanted; all of it where a client names neither. A page ends at about 512 KB, also
 * before `history_limit`: go on behind its last entry until `X-Total-Count`.
 */
export const historyQuery = z.object({
  history_limit: countInQuery('history_limit').optional(),
  history_offset: countInQuery('history_offset').optional(),
});
export type HistoryQuery = z.output<typeof historyQuery>;

/** Of a list that is there as a whole, a page can be that as well. */
export const anyPage = pageQuery(Number.MAX_SAFE_INTEGER);

/** The server that a call is about; missing or empty: the default one. */
export const hostQuery = z.object({ host: z.string().optional() });
