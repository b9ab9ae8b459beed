// Texts that are longer in some encoding than they look: what limits count has to hold for each of them.

/** By what they are made of. */
export const heavyUnits = {
  'control characters': '\u0001',
  quotes: '"\\',
  emoji: '👩‍🚀',
  'characters of three bytes': '漢',
  'separators of lines': '\u2028',
  letters: 'a',
} as const;

/** As much of a unit, repeated, as `bytes` of UTF-8 hold. */
export const heavyText = (unit: string, bytes: number): string =>
  unit.repeat(Math.floor(bytes / Buffer.byteLength(unit)));
