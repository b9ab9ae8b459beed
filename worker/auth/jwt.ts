import { jwtVerify, SignJWT } from 'jose';
import * as z from 'zod';
import type { Login } from '../principal.ts';

/** Verifying allows this much clock difference (contract §1.2). */
const leewayS = 60;

const claims = z.object({
  sub: z.string().min(1),
  usr: z.string(),
  iat: z.number().int(),
  exp: z.number().int(),
  jti: z.string().min(1),
  gen: z.string().min(1),
  pwd: z.string().min(1),
});
/**
 * `sub` user id, `usr` user name, `iat` and `exp` unix seconds, `jti` the login's id, `gen` its generation, `pwd` the
 * mark of the password that it was made with. A token that lacks one of these is from before there were logins to end,
 * and is none.
 */
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

/** The login that a token is of. */
export const loginOf = ({ jti, gen, pwd, exp }: Claims): Login => ({
  id: jti,
  generation: gen,
  passwordMark: pwd,
  expiresAtMs: exp * 1_000,
  endsAtMs: (exp + leewayS) * 1_000,
});
