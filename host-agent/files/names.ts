/** What a file gets that came without a usable name (contract §2.10). */
const nameless = 'upload.bin';
/** Linux's limit for one name. */
const maxNameBytes = 255;

/**
 * The name that an uploaded file is stored under: the last component of what the client called it, whatever its
 * system's separators; never `.` or `..`; no character that would break a line; short enough, with its ending.
 */
export const safeName = (given: string | undefined): string => {
  const last = (given ?? '').split(/[/\\]/).at(-1) ?? '';
  const printable = last
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029]/gu, '_')
    .trim();
  if (printable === '' || printable === '.' || printable === '..') return nameless;
  const dot = printable.lastIndexOf('.');
  const ending = dot > 0 && printable.length - dot <= 16 ? printable.slice(dot) : '';
  let stem = [...printable.slice(0, printable.length - ending.length)];
  while (Buffer.byteLength(stem.join('') + ending) > maxNameBytes) stem = stem.slice(0, -1);
  return stem.join('') + ending;
};
