/** Typographic signs as the plain ones that models exchange for them. */
export const plainSigns = (text: string): string =>
  text
    .replace(/[\u2018\u2019\u201A\u201B]/g, "'")
    .replace(/[\u201C\u201D\u201E\u201F]/g, '"')
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .replaceAll('\u2026', '...')
    .replace(/[\u00A0\u2000-\u200A\u202F\u205F\u3000]/g, ' ');
