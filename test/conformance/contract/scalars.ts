// The contract's type words (§0.2, §1.6) as schemas. Written from the document alone, never from our own code.
import * as z from 'zod';

export const int = z.int();
export const count = z.int().nonnegative();
export const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
/** The form both apps parse: three fraction digits and Z. */
export const ts = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

export const nilUuid = '00000000-0000-0000-0000-000000000000';

/** `{ok: true}` and what an endpoint adds to it. */
export const ok = (more: z.ZodRawShape = {}) => z.strictObject({ ok: z.literal(true), ...more });

/**
 * What we send beyond the contract (its NEW markers leave room for that), named one by one: a field that is not in the
 * contract and not listed is a mistake, most likely of its name.
 */
export const ours = <T extends z.ZodRawShape>(shape: T): T => shape;
