import type { MiddlewareHandler } from 'hono';
import type { Bound } from './context.ts';

/** Half a surrogate pair as bytes: no UTF-8 (RFC 3629 §3), so that it would be decoded to these very characters. */
const halfPair = /%ED%[AB][0-9A-F]%[89AB][0-9A-F]/gi;
/** U+FFFD, as everywhere (shared/text.ts). */
const replacement = '%EF%BF%BD';

const wellFormed = (url: string): string => url.replace(halfPair, replacement);

/**
 * The path without doubled slashes, which is what routes are matched with: the iOS app joins a base URL that ends in
 * `/` with `/api/…` (contract §1.1).
 */
export const collapsedPath = (request: Request): string =>
  wellFormed(new URL(request.url).pathname.replace(/\/{2,}/g, '/'));

/** Queries are read from a URL whose texts are well-formed. */
export const wellFormedUrl: MiddlewareHandler<Bound> = async (c, next) => {
  const url = wellFormed(c.req.url);
  if (url !== c.req.url) c.req.raw = new Request(url, c.req.raw);
  return next();
};
