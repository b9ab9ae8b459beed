/**
 * The candidate most like `name`, or undefined when none is close enough to be a likely typing error (a third of its
 * letters may differ).
 */
export const nearest = (name: string, candidates: readonly string[]): string | undefined => {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.ceil(name.length / 3) ? best.candidate : undefined;
};

/** Levenshtein distance, one row of the table at a time. */
const editDistance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column++) {
      const substituted = at(row, column - 1) + (letter === to[column - 1] ? 0 : 1);
      next.push(Math.min(substituted, at(row, column) + 1, at(next, column - 1) + 1));
    }
    row = next;
  }
  return at(row, to.length);
};

const at = (row: number[], column: number): number => row[column] ?? Number.POSITIVE_INFINITY;
