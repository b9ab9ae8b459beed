import { cutText } from '../../../../shared/text.ts';
import { similarity } from './anchors.ts';

/** Below this, two lines have only letters in common. */
const leastSimilarity = 0.5;
/** What is around the place, so that the next try can quote it. */
const shownLines = 8;
/** Comparing lines is quadratic in their length; a file of more lines is compared at the beginning. */
const maxComparedLines = 20_000;
/** Of a line that is only shown to be recognised. */
const shownChars = 200;

/**
 * Which lines of `text` are most like `wanted`, as the end of a sentence that says it is not there; says what to do
 * when none is.
 */
export const nearest = (text: string, wanted: string): string => {
  const lines = text.split('\n', maxComparedLines);
  const sought = wanted.split('\n').map((line) => line.trim());
  // The longest line says most about where it is.
  const key = sought.reduce((longest, line) => (line.length > longest.length ? line : longest), '');
  const before = sought.indexOf(key);
  let best = { at: -1, similarity: leastSimilarity };
  lines.forEach((line, at) => {
    const trimmed = line.trim();
    // Too different in length to be as alike as the best so far.
    if (Math.min(trimmed.length, key.length) < Math.max(trimmed.length, key.length) * best.similarity) return;
    const alike = similarity(trimmed, key);
    if (alike > best.similarity) best = { at, similarity: alike };
  });
  if (best.at === -1) return ' No line of it is much like it: read the file again.';
  const from = Math.max(0, best.at - before);
  const shown = lines.slice(from, from + Math.max(1, Math.min(sought.length, shownLines)));
  const numbered = shown.map((line, index) => `${from + index + 1}: ${cutText(line, shownChars)}`);
  return ` The lines most like it are:\n${numbered.join('\n')}\nQuote them as they are, without the numbers.`;
};
