import { sha256Hex } from '../digest.ts';

/** No letters that are read as digits, or the other way round; 32 of them, so that a random byte needs no rejection. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 20 characters of 5 bits are 100 bits, in groups that a person can type. */
const groups = 5;
const groupChars = 4;

/** A code never drawn before, as a person reads it: `7K2M-…`. */
export const drawEnrolmentCode = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(groups * groupChars));
  const characters = [...bytes].map((byte) => alphabet[byte % alphabet.length]).join('');
  return Array.from({ length: groups }, (_, n) => characters.slice(n * groupChars, (n + 1) * groupChars)).join('-');
};

/**
 * What is stored of a code, however it was typed: case, dashes and white space don't count, nor do letters that look
 * like digits.
 */
export const enrolmentCodeHash = (typed: string): string => {
  const plain = typed.toUpperCase().replace(/[\s-]/g, '').replace(/[IL]/g, '1').replaceAll('O', '0');
  return sha256Hex(plain);
};
