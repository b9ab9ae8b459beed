import { scryptSync, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';
import { passwordHash, passwordText } from '../../shared/password.ts';
import { sameSecret } from '../digest.ts';

/** N = 2^15, r = 8 needs 32 MiB and a little; this leaves room for that and refuses hashes made to exhaust memory. */
const scryptMaxBytes = 64 * 1024 * 1024;

/**
 * Whether a given password is the configured one: plain, or `scrypt$N$r$p$salt$hash` (salt and hash in base64).
 * Compared in constant time, as shared/password.ts says what counts. Throws when a configured hash cannot be used.
 */
export const isPassword = (configured: string, given: string): boolean => {
  const stored = configured.trim();
  const text = passwordText(given);
  // What can't be a password costs the same work as one.
  const tried = text ?? '';
  if (!stored.startsWith('scrypt$')) return sameSecret(passwordText(stored) ?? '', tried) && isSomething(text);
  const match = passwordHash.exec(stored);
  if (!match?.[4] || !match[5]) throw unusable();
  const hash = Buffer.from(match[5], 'base64');
  // A short hash would match by chance; an empty one would match every password.
  if (hash.length < 16) throw unusable();
  return timingSafeEqual(hash, derive(tried, Buffer.from(match[4], 'base64'), hash.length, match)) && isSomething(text);
};

/** A server without a password lets nobody in by none. */
const isSomething = (text: string | null): boolean => text !== null && text !== '';

const derive = (given: string, salt: Buffer, length: number, match: RegExpExecArray): Buffer => {
  const cost = { N: Number(match[1]), r: Number(match[2]), p: Number(match[3]), maxmem: scryptMaxBytes };
  try {
    return scryptSync(given, salt, length, cost);
  } catch (cause) {
    throw unusable(cause);
  }
};

const unusable = (cause?: unknown) =>
  new AppError(
    'internal',
    'A configured password hash cannot be used: make a new one with the form scrypt$N$r$p$salt$hash (N 32768, r 8, p 1)',
    { cause },
  );
