import { beginningOf } from '../../../shared/text.ts';

/**
 * Larger tool arguments and results become a preview: well below maxEventBytes even when escaped (shared/limits.ts).
 */
const maxInlineBytes = 128 * 1024;
/** Enough to see what it was. */
const previewChars = 8 * 1024;

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? '');

/**
 * A JSON value small enough for an event: itself, or with its longest texts cut and a note of their length and of
 * `where` the whole is. A value of countless small pieces becomes the beginning of its JSON.
 */
export const preview = (value: unknown, where: string): unknown => {
  if (bytesOf(value) <= maxInlineBytes) return value;
  const shorter = shorten(value, where);
  return bytesOf(shorter) <= maxInlineBytes ? shorter : cut(JSON.stringify(value), where);
};

const shorten = (value: unknown, where: string): unknown => {
  if (typeof value === 'string') return cut(value, where);
  if (Array.isArray(value)) return value.map((inner) => shorten(inner, where));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shorten(inner, where)]));
};

const cut = (text: string, where: string): string =>
  text.length <= previewChars
    ? text
    : `${beginningOf(text, previewChars)}\n[cut: ${text.length} characters in all; the whole is in ${where}]`;
