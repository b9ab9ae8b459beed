import { and, eq, gte } from 'drizzle-orm';
import { idempotencyMs } from '../../shared/limits.ts';
import type { Env } from '../env.ts';
import { logError } from '../log.ts';
import { soon } from './away.ts';
import { directory } from './directory.ts';
import { pruneLater } from './prune.ts';
import { idempotency } from './schema.ts';

/** A D1 that did not answer is asked again after this. */
const retryMs = 5_000;

/** When this isolate asks again whether any key is left here; Infinity: none is, and none comes. */
let asksAtMs = 0;

/**
 * What a key stood for in a version that kept keys here and not in accounts; null for none. For a week after the update
 * a request may come that was sent before it. Then no row is left, and nobody asks any more. While D1 is away such a
 * key can't be known, and a message to a known mission does not wait for it.
 */
export const reservedBefore = async (
  env: Env,
  { owner, route, key }: { owner: string; route: string; key: string },
): Promise<{ bodySha256: string; ids: Record<string, string> } | null> => {
  const nowMs = env.clock.now();
  if (nowMs < asksAtMs) return null;
  const db = directory(env);
  const isGood = gte(idempotency.createdAt, nowMs - idempotencyMs);
  const isNamed = and(eq(idempotency.owner, owner), eq(idempotency.route, route), eq(idempotency.key, key));
  const asked = db.batch([
    db.select().from(idempotency).where(and(isNamed, isGood)),
    db.select({ at: idempotency.createdAt }).from(idempotency).where(isGood).limit(1),
  ]);
  try {
    const [named, left] = await soon(env.clock, asked);
    if (left.length === 0) asksAtMs = Number.POSITIVE_INFINITY;
    else pruneLater(env);
    const [row] = named;
    return row ? { bodySha256: row.bodySha256, ids: row.reserved } : null;
  } catch (cause) {
    logError('idempotency.not_looked_up', cause);
    asksAtMs = nowMs + retryMs;
    return null;
  }
};
