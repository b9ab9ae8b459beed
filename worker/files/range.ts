import type { ByteRange } from '../../shared/calls/files.ts';

/**
 * The range of a `Range` header. Null without the header, for several ranges and for anything that is not a valid
 * range: then the whole file is sent (RFC 9110 §14.2). A number too large to be exact is cut to the largest exact one,
 * which no file reaches either.
 */
export const rangeIn = (header: string | undefined): ByteRange | null => {
  const set = /^bytes=(.*)$/i.exec(header?.trim() ?? '')?.[1] ?? '';
  const [range, ...more] = set
    .split(',')
    .map((spec) => spec.trim())
    .filter((spec) => spec !== '');
  const [, first, last] = /^(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  if (more.length > 0 || first === undefined || last === undefined || first + last === '') return null;
  if (first === '') return { lastBytes: position(last) };
  if (last === '') return { first: position(first), last: null };
  return BigInt(last) < BigInt(first) ? null : { first: position(first), last: position(last) };
};

const position = (digits: string): number => Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
