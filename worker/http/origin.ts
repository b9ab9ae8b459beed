import type { Context } from './context.ts';

/**
 * The address this request was sent to, as its client knows it: only a reverse proxy that is believed (TRUST_PROXY) can say
 * that there was TLS in front of an edge on one's own machine.
 */
export const publicOrigin = (c: Context): string => {
  const url = new URL(c.req.url);
  if (c.env.EDGE === undefined || c.env.TRUST_PROXY?.trim() !== 'true') return url.origin;
  const scheme = c.req.header('X-Forwarded-Proto')?.split(',')[0]?.trim();
  return scheme === 'https' ? `https://${url.host}` : url.origin;
};
