import { and, eq, lt } from 'drizzle-orm';
import type * as z from 'zod';
import { AppError } from '../../shared/errors.ts';
import { idempotencyMs } from '../../shared/limits.ts';
import { sha256Hex } from '../digest.ts';
import type { Env } from '../env.ts';
import { directory } from './directory.ts';
import { pruneLater } from './prune.ts';
import { idempotency } from './schema.ts';

/** Longer keys are a mistake, and would be stored for a week. */
const maxKeyChars = 200;

/**
 * A request and the Idempotency-Key that its client gave it. `body` is the parsed body, so that spelling does not
 * matter.
 */
export interface Named {
  owner: string;
  route: string;
  key: string | undefined;
  body: object;
}

/**
 * Gives a request its ids, and every repeat of the request the same ids (protocol §4). They are stored before anything
 * is routed, so that a request repeated after a crash, or sent twice at once, is one request. Throws 422 when the key
 * was used with another body. Without a key nothing is stored. `draw` may be called although its ids turn out not to be
 * needed.
 */
export const reserve = async <T extends z.ZodType<Record<string, string>>>(
  env: Env,
  { owner, route, key, body }: Named,
  schema: T,
  draw: () => Promise<z.infer<T>>,
): Promise<z.infer<T>> => {
  if (key === undefined) return draw();
  if (key.trim() === '' || key.length > maxKeyChars) {
    throw new AppError('bad_request', `Idempotency-Key must have 1 to ${maxKeyChars} characters`);
  }
  const known = and(eq(idempotency.owner, owner), eq(idempotency.route, route), eq(idempotency.key, key));
  const bodySha256 = sha256Hex(JSON.stringify(body));
  const db = directory(env);
  const now = env.clock.now();
  const fresh = { bodySha256, reserved: await draw(), createdAt: now };
  const [, rows] = await db.batch([
    db
      .insert(idempotency)
      .values({ owner, route, key, ...fresh })
      // One that has expired is nobody's any more, also where it was not removed yet (prune.ts).
      .onConflictDoUpdate({
        target: [idempotency.owner, idempotency.route, idempotency.key],
        set: fresh,
        setWhere: lt(idempotency.createdAt, now - idempotencyMs),
      }),
    db.select().from(idempotency).where(known),
  ]);
  pruneLater(env);
  const row = rows[0];
  if (!row) throw new Error('a reserved idempotency key was not found again');
  if (row.bodySha256 !== bodySha256) {
    throw new AppError('unprocessable', 'This Idempotency-Key was used for another request: draw a new key');
  }
  return schema.parse(row.reserved);
};
