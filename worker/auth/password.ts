import { timingSafeEqual } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';
import { passwordHash, passwordText } from '../../shared/password.ts';
import { sameSecret } from '../digest.ts';
import type { ScryptCost } from './scrypt.ts';

/** N = 2^15, r = 8 needs 32 MiB; this leaves room for that and refuses hashes made to exhaust memory. */
const scryptMaxBytes = 64 * 1024 * 1024;
/** As many lanes as are hashed one after the other: more is a slip, or meant to keep the edge busy. */
const maxLanes = 16;

/** How a password is hashed (`scryptInSlices`, in turn). */
export type Derive = (password: string, salt: Uint8Array, length: number, cost: ScryptCost) => Promise<Buffer>;

/** Whether checking against this password takes a hash, which is what costs. */
export const isHashed = (configured: string): boolean => configured.trim().startsWith('scrypt$');

/**
 * Whether a given password is the configured one: plain, or `scrypt$N$r$p$salt$hash` (salt and hash in base64).
 * Compared in constant time, as shared/password.ts says what counts. Throws when a configured hash cannot be used.
 */
export const isPassword = async (configured: string, given: string, derive: Derive): Promise<boolean> => {
  const stored = configured.trim();
  const text = passwordText(given);
  // What can't be a password costs the same work as one.
  const tried = text ?? '';
  if (!isHashed(stored)) return sameSecret(passwordText(stored) ?? '', tried) && isSomething(text);
  const match = passwordHash.exec(stored);
  if (!match?.[4] || !match[5]) throw unusable();
  const hash = Buffer.from(match[5], 'base64');
  // A short hash would match by chance; an empty one would match every password.
  if (hash.length < 16) throw unusable();
  const derived = await derive(tried, Buffer.from(match[4], 'base64'), hash.length, costOf(match));
  return timingSafeEqual(hash, derived) && isSomething(text);
};

/** A server without a password lets nobody in by none. */
const isSomething = (text: string | null): boolean => text !== null && text !== '';

const costOf = (match: RegExpExecArray): ScryptCost => {
  const [N, r, p] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const isPower = N > 1 && Number.isInteger(Math.log2(N));
  const lanes = r >= 1 && p >= 1 && p <= maxLanes;
  if (!isPower || !lanes || 128 * N * r > scryptMaxBytes) throw unusable();
  return { N, r, p };
};

const unusable = () =>
  new AppError(
    'internal',
    'A configured password hash cannot be used: make a new one with the form scrypt$N$r$p$salt$hash (N 32768, r 8, p 1)',
  );
