import type { Context } from '../http/context.ts';

/**
 * The client's address, for counting failed logins. On Cloudflare the platform sets `CF-Connecting-IP`; elsewhere
 * anybody could, so it is not read there. `X-Forwarded-For` is read only with TRUST_PROXY, and only its last hop, which
 * our own proxy wrote. Without either, all clients share one name and are counted together.
 */
export const clientAddress = (c: Context): string => {
  if (c.env.EDGE === undefined) return c.req.header('CF-Connecting-IP') ?? 'unknown';
  if (c.env.TRUST_PROXY?.trim() !== 'true') return 'direct';
  return c.req.header('X-Forwarded-For')?.split(',').at(-1)?.trim() || 'direct';
};
