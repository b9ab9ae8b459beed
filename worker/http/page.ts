import { createHash } from 'node:crypto';

/**
 * Headers of a page of the edge's own: nothing is loaded, run, framed or sent from it, and its one style is named by
 * its hash.
 */
export const pageHeaders = (style: string): Record<string, string> => ({
  'Content-Security-Policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
});
