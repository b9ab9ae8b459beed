import * as z from 'zod';
import type { Context } from '../http/context.ts';
import { network } from './network.ts';

/**
 * The client's address, for counting failed logins. On Cloudflare the platform sets `CF-Connecting-IP`; elsewhere
 * anybody could, so it is not read there. `X-Forwarded-For` is read only with TRUST_PROXY, and only its last hop, which
 * our own proxy wrote. Without either it is who dialled, as workerd says; where it says nothing, all share one name.
 */
export const clientAddress = (c: Context): string => {
  if (c.env.EDGE === undefined) return network(c.req.header('CF-Connecting-IP') ?? '');
  if (c.env.TRUST_PROXY?.trim() === 'true') return network(c.req.header('X-Forwarded-For')?.split(',').at(-1) ?? '');
  const dialled = dialler.safeParse(c.req.raw.cf);
  return network(dialled.success ? dialled.data.clientIp : '');
};

/** What workerd tells of a socket: `127.0.0.1:46556`. Nothing that a client sends gets in here. */
const dialler = z.object({ clientIp: z.string() });
