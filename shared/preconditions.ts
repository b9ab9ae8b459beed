/**
 * Conditional requests for a file (RFC 9110 §13), decided by both sides alike: an older server sends what the edge then
 * drops.
 */
import * as z from 'zod';

/** Header fields as they came; null where there is none. */
export const preconditions = z.object({
  ifMatch: z.string().nullable(),
  ifNoneMatch: z.string().nullable(),
  ifModifiedSince: z.string().nullable(),
  ifUnmodifiedSince: z.string().nullable(),
});
export type Preconditions = z.infer<typeof preconditions>;

/**
 * What they mean for a file with this strong tag that changed at this time: it is sent, the client has it (304), or it
 * is not the one that the client means (412). In the order of §13.2.2; a date that is none is ignored.
 */
export const preconditionOf = (
  { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince }: Preconditions,
  tag: string,
  mtimeMs: number,
): 'send' | 'unchanged' | 'failed' => {
  const changedS = Math.floor(mtimeMs / 1000);
  if (ifMatch !== null) {
    if (!names(ifMatch, tag, 'strong')) return 'failed';
  } else if (isBefore(ifUnmodifiedSince, changedS)) return 'failed';
  if (ifNoneMatch !== null) return names(ifNoneMatch, tag, 'weak') ? 'unchanged' : 'send';
  const since = httpDateS(ifModifiedSince);
  return since !== null && changedS <= since ? 'unchanged' : 'send';
};

/**
 * Whether a list of tags, or `*`, names this one; a weak tag names it only where equal content is enough (§8.8.3.2).
 */
const names = (list: string, tag: string, comparison: 'strong' | 'weak'): boolean => {
  if (list.trim() === '*') return true;
  const tags = [...list.matchAll(/(W\/)?("[^"]*")/g)];
  return tags.some(([, weak, opaque]) => opaque === tag && (comparison === 'weak' || weak === undefined));
};

const isBefore = (date: string | null, changedS: number): boolean => {
  const atS = httpDateS(date);
  return atS !== null && changedS > atS;
};

const clock = '\\d\\d:\\d\\d:\\d\\d';
/** IMF-fixdate, and the two obsolete forms that have to be understood (§5.6.7). */
const dateForms = [
  new RegExp(`^[A-Z][a-z]{2}, \\d\\d [A-Z][a-z]{2} \\d{4} ${clock} GMT$`),
  new RegExp(`^[A-Z][a-z]{5,8}, \\d\\d-[A-Z][a-z]{2}-\\d\\d ${clock} GMT$`),
  new RegExp(`^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \\d]\\d ${clock} \\d{4}$`),
];

/** Unix seconds of an HTTP date, else null: Date.parse alone takes far more. */
const httpDateS = (text: string | null): number | null => {
  if (text === null || !dateForms.some((form) => form.test(text))) return null;
  const ms = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(ms) ? null : Math.floor(ms / 1000);
};
