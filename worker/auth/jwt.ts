import { jwtVerify, SignJWT } from 'jose';
import * as z from 'zod';

/** Verifying allows this much clock difference (contract §1.2). */
const leewayS = 60;

const claims = z.object({
  sub: z.string().min(1),
  usr: z.string(),
  iat: z.number().int(),
  exp: z.number().int(),
});
/** `sub` user id, `usr` user name, `iat` and `exp` unix seconds. */
export type Claims = z.infer<typeof claims>;

/** A JWT signed with HS256. */
export const signToken = (content: Claims, secret: string): Promise<string> =>
  new SignJWT(content).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(Buffer.from(secret));

/**
 * The claims of a token of ours that is not expired at `nowMs`, else null: clients are never told which check failed.
 */
export const verifyToken = async (token: string, secret: string, nowMs: number): Promise<Claims | null> => {
  const rules = { algorithms: ['HS256'], clockTolerance: leewayS, currentDate: new Date(nowMs) };
  // Whatever is wrong with a token, it says nothing about who asks.
  const verified = await jwtVerify(token, Buffer.from(secret), rules).catch(() => null);
  const parsed = claims.safeParse(verified?.payload);
  return parsed.success ? parsed.data : null;
};
