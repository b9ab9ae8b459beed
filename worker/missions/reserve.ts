import type * as z from 'zod';
import { AppError } from '../../shared/errors.ts';
import { askAccount } from '../account/asked.ts';
import { sha256Hex } from '../digest.ts';
import { reservedBefore } from '../directory/idempotency.ts';
import type { Env } from '../env.ts';

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
 * Gives a request its ids, and every repeat of the request the same ids (protocol §4). The user's account stores them
 * before anything is routed, so that a request repeated after a crash, or sent twice at once, is one request; it needs
 * no D1. Throws 422 when the key was used with another body. Without a key nothing is stored. `draw` may be called
 * although its ids turn out not to be needed.
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
  const bodySha256 = sha256Hex(JSON.stringify(body));
  const before = await reservedBefore(env, { owner, route, key });
  const fresh = before ?? { bodySha256, ids: await draw() };
  const named = { ...fresh, route, key, nowMs: env.clock.now() };
  const first = await askAccount(env, owner, async (account) => account.reserve(named));
  if (first.bodySha256 !== bodySha256) {
    throw new AppError('unprocessable', 'This Idempotency-Key was used for another request: draw a new key');
  }
  return schema.parse(first.ids);
};
