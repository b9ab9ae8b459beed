/** A word of a block; the callers stay inside. */
export const wordAt = (words: Uint32Array, at: number): number => words[at] as number;

const turned = (sum: number, bits: number): number => (sum << bits) | (sum >>> (32 - bits));

/**
 * Salsa20/8 (RFC 7914 §3) of two blocks of 16 words that are first added without carry. Written out word by word, since
 * it is what a hash consists of: as a loop over an array it takes three times as long.
 */
export const salsa = (
  a: Uint32Array,
  aAt: number,
  b: Uint32Array,
  bAt: number,
  to: Uint32Array,
  toAt: number,
): void => {
  const i00 = wordAt(a, aAt) ^ wordAt(b, bAt);
  const i01 = wordAt(a, aAt + 1) ^ wordAt(b, bAt + 1);
  const i02 = wordAt(a, aAt + 2) ^ wordAt(b, bAt + 2);
  const i03 = wordAt(a, aAt + 3) ^ wordAt(b, bAt + 3);
  const i04 = wordAt(a, aAt + 4) ^ wordAt(b, bAt + 4);
  const i05 = wordAt(a, aAt + 5) ^ wordAt(b, bAt + 5);
  const i06 = wordAt(a, aAt + 6) ^ wordAt(b, bAt + 6);
  const i07 = wordAt(a, aAt + 7) ^ wordAt(b, bAt + 7);
  const i08 = wordAt(a, aAt + 8) ^ wordAt(b, bAt + 8);
  const i09 = wordAt(a, aAt + 9) ^ wordAt(b, bAt + 9);
  const i10 = wordAt(a, aAt + 10) ^ wordAt(b, bAt + 10);
  const i11 = wordAt(a, aAt + 11) ^ wordAt(b, bAt + 11);
  const i12 = wordAt(a, aAt + 12) ^ wordAt(b, bAt + 12);
  const i13 = wordAt(a, aAt + 13) ^ wordAt(b, bAt + 13);
  const i14 = wordAt(a, aAt + 14) ^ wordAt(b, bAt + 14);
  const i15 = wordAt(a, aAt + 15) ^ wordAt(b, bAt + 15);
  let w00 = i00;
  let w01 = i01;
  let w02 = i02;
  let w03 = i03;
  let w04 = i04;
  let w05 = i05;
  let w06 = i06;
  let w07 = i07;
  let w08 = i08;
  let w09 = i09;
  let w10 = i10;
  let w11 = i11;
  let w12 = i12;
  let w13 = i13;
  let w14 = i14;
  let w15 = i15;
  for (let round = 0; round < 8; round += 2) {
    w04 ^= turned(w00 + w12, 7);
    w08 ^= turned(w04 + w00, 9);
    w12 ^= turned(w08 + w04, 13);
    w00 ^= turned(w12 + w08, 18);
    w09 ^= turned(w05 + w01, 7);
    w13 ^= turned(w09 + w05, 9);
    w01 ^= turned(w13 + w09, 13);
    w05 ^= turned(w01 + w13, 18);
    w14 ^= turned(w10 + w06, 7);
    w02 ^= turned(w14 + w10, 9);
    w06 ^= turned(w02 + w14, 13);
    w10 ^= turned(w06 + w02, 18);
    w03 ^= turned(w15 + w11, 7);
    w07 ^= turned(w03 + w15, 9);
    w11 ^= turned(w07 + w03, 13);
    w15 ^= turned(w11 + w07, 18);
    w01 ^= turned(w00 + w03, 7);
    w02 ^= turned(w01 + w00, 9);
    w03 ^= turned(w02 + w01, 13);
    w00 ^= turned(w03 + w02, 18);
    w06 ^= turned(w05 + w04, 7);
    w07 ^= turned(w06 + w05, 9);
    w04 ^= turned(w07 + w06, 13);
    w05 ^= turned(w04 + w07, 18);
    w11 ^= turned(w10 + w09, 7);
    w08 ^= turned(w11 + w10, 9);
    w09 ^= turned(w08 + w11, 13);
    w10 ^= turned(w09 + w08, 18);
    w12 ^= turned(w15 + w14, 7);
    w13 ^= turned(w12 + w15, 9);
    w14 ^= turned(w13 + w12, 13);
    w15 ^= turned(w14 + w13, 18);
  }
  to[toAt] = i00 + w00;
  to[toAt + 1] = i01 + w01;
  to[toAt + 2] = i02 + w02;
  to[toAt + 3] = i03 + w03;
  to[toAt + 4] = i04 + w04;
  to[toAt + 5] = i05 + w05;
  to[toAt + 6] = i06 + w06;
  to[toAt + 7] = i07 + w07;
  to[toAt + 8] = i08 + w08;
  to[toAt + 9] = i09 + w09;
  to[toAt + 10] = i10 + w10;
  to[toAt + 11] = i11 + w11;
  to[toAt + 12] = i12 + w12;
  to[toAt + 13] = i13 + w13;
  to[toAt + 14] = i14 + w14;
  to[toAt + 15] = i15 + w15;
};
