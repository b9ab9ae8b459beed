import type { Context } from '../http/context.ts';

/**
 * The address a login comes from. `CF-Connecting-IP` is the platform's word only on Cloudflare, anyone's elsewhere; the
 * last hop of `X-Forwarded-For` is our own proxy's word, if there is one (TRUST_PROXY). Without either all share one name.
 */
export const clientAddress = (c: Context): string => {
  if (c.env.EDGE === undefined) return c.req.header('CF-Connecting-IP') ?? 'unknown';
  if (c.env.TRUST_PROXY?.trim() !== 'true') return 'direct';
  return c.req.header('X-Forwarded-For')?.split(',').at(-1)?.trim() || 'direct';
};
