import type { Context } from './context.ts';

/**
 * The origin of the edge as the client reached it. Behind a reverse proxy only the proxy knows that the client used
 * https; it is believed with TRUST_PROXY.
 */
export const publicOrigin = (c: Context): string => {
  const url = new URL(c.req.url);
  if (c.env.EDGE === undefined || c.env.TRUST_PROXY?.trim() !== 'true') return url.origin;
  const scheme = c.req.header('X-Forwarded-Proto')?.split(',')[0]?.trim();
  return scheme === 'https' ? `https://${url.host}` : url.origin;
};
