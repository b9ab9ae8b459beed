import { wellFormed } from './text.ts';

/**
 * UTF-8 has no halves of surrogate pairs, so in JSON only an escape can spell one; most texts have none, and are read
 * as ever.
 */
const surrogateEscape = /\\u[dD][89a-fA-F]/;

/**
 * The value of a JSON text that came from outside, each string and key of it well-formed. `tooDeep` is called, and may
 * throw, where an unpaired half may hide inside more than `levels` values. Throws what JSON.parse throws.
 */
export const parseJson = (text: string, tooDeep: () => unknown, levels?: number): unknown => {
  const value: unknown = JSON.parse(text);
  return surrogateEscape.test(text) ? wellFormed(value, tooDeep, levels) : value;
};
