import type { ByteRange } from '../../shared/calls/files.ts';

/** The one range of a `Range` header; null for none, for several and for what is no range: then everything is sent (RFC 9110 §14.2). */
export const rangeIn = (header: string | undefined): ByteRange | null => {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.replace(/\s/g, '') ?? '') ?? [];
  if (first === undefined || last === undefined || first + last === '') return null;
  if (first === '') return { lastBytes: Number(last) };
  if (last === '') return { first: Number(first), last: null };
  return Number(last) < Number(first) ? null : { first: Number(first), last: Number(last) };
};
