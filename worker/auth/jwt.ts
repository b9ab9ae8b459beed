import { z } from 'zod';

/** Verifying allows this much clock difference (contract §1.2). */
const leewayS = 60;

const header = z.object({ alg: z.literal('HS256') });
const claims = z.object({
  sub: z.string().min(1),
  usr: z.string(),
  iat: z.number().int(),
  exp: z.number().int(),
});
/** `sub` user id, `usr` user name, `iat` and `exp` unix seconds. */
export type Claims = z.infer<typeof claims>;

/** A JWT signed with HS256. */
export const signToken = async (content: Claims, secret: string): Promise<string> => {
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(content)}`;
  const signature = await crypto.subtle.sign('HMAC', await hmacKey(secret), Buffer.from(signed));
  return `${signed}.${Buffer.from(signature).toString('base64url')}`;
};

/** The claims of a token of ours that is not expired at `nowMs`, else null: clients are never told which check failed. */
export const verifyToken = async (token: string, secret: string, nowMs: number): Promise<Claims | null> => {
  const [head, body, signature, ...more] = token.split('.');
  if (!head || !body || !signature || more.length > 0) return null;
  if (!header.safeParse(decode(head)).success) return null;
  const bytes = Buffer.from(signature, 'base64url');
  if (!(await crypto.subtle.verify('HMAC', await hmacKey(secret), bytes, Buffer.from(`${head}.${body}`)))) return null;
  const parsed = claims.safeParse(decode(body));
  if (!parsed.success || parsed.data.exp + leewayS < nowMs / 1000) return null;
  return parsed.data;
};

const hmacKey = (secret: string): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', Buffer.from(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const decode = (text: string): unknown => {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    // Not JSON: the schema that checks the value says no.
    return null;
  }
};
