/** Which lines two texts have in common. */

/** A stretch of lines: both have it (`same`), or the old one has `removed` where the new one has `added`. */
export type Stretch = { kind: 'same'; lines: string[] } | { kind: 'changed'; removed: string[]; added: string[] };

/**
 * Beyond this many differences the way to the shortest answer costs more than it is worth: the whole stretch between
 * what is the same at the beginning and at the end is shown as changed.
 */
const maxDifferences = 500;

/** The old and the new lines in order, as stretches (by Myers' greedy algorithm). */
export const lineDiff = (old: readonly string[], fresh: readonly string[]): Stretch[] => {
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head++;
  let tail = 0;
  const most = Math.min(old.length, fresh.length) - head;
  while (tail < most && old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]) tail++;
  const stretches: Stretch[] = [];
  if (head > 0) stretches.push({ kind: 'same', lines: old.slice(0, head) });
  stretches.push(...between(old.slice(head, old.length - tail), fresh.slice(head, fresh.length - tail)));
  if (tail > 0) stretches.push({ kind: 'same', lines: old.slice(old.length - tail) });
  return stretches;
};

const between = (old: string[], fresh: string[]): Stretch[] => {
  if (old.length === 0 && fresh.length === 0) return [];
  const common = old.length === 0 || fresh.length === 0 ? [] : commonLines(old, fresh);
  const stretches: Stretch[] = [];
  let from = { old: 0, fresh: 0 };
  for (const [at, freshAt] of [...common, [old.length, fresh.length] as const]) {
    const removed = old.slice(from.old, at);
    const added = fresh.slice(from.fresh, freshAt);
    if (removed.length > 0 || added.length > 0) stretches.push({ kind: 'changed', removed, added });
    const line = old[at];
    const last = stretches.at(-1);
    if (line !== undefined && last?.kind === 'same') last.lines.push(line);
    else if (line !== undefined) stretches.push({ kind: 'same', lines: [line] });
    from = { old: at + 1, fresh: freshAt + 1 };
  }
  return stretches;
};

/** Pairs of positions of the same line, ascending in both; none where there are too many differences. */
const commonLines = (old: readonly string[], fresh: readonly string[]): (readonly [number, number])[] => {
  const limit = Math.min(maxDifferences, old.length + fresh.length);
  // How far along the old lines each diagonal (old minus new position) has come, per number of differences.
  const reached: Map<number, number>[] = [];
  let best = new Map<number, number>([[1, 0]]);
  for (let differences = 0; differences <= limit; differences++) {
    const next = new Map<number, number>();
    reached.push(next);
    for (let diagonal = -differences; diagonal <= differences; diagonal += 2) {
      let at = startOf(best, diagonal, differences);
      while (at < old.length && at - diagonal < fresh.length && old[at] === fresh[at - diagonal]) at++;
      next.set(diagonal, at);
      if (at >= old.length && at - diagonal >= fresh.length) return pairsOf(reached, old.length, fresh.length);
    }
    best = next;
  }
  return [];
};

/** Down from the diagonal above where that is further, else to the right from the one below. */
const startOf = (best: ReadonlyMap<number, number>, diagonal: number, differences: number): number => {
  const above = best.get(diagonal + 1) ?? -1;
  const below = best.get(diagonal - 1) ?? -1;
  return isDown(above, below, diagonal, differences) ? above : below + 1;
};

const isDown = (above: number, below: number, diagonal: number, differences: number): boolean =>
  diagonal === -differences || (diagonal !== differences && below < above);

/** The way back from the end to the beginning. */
const pairsOf = (reached: readonly Map<number, number>[], olds: number, freshes: number): [number, number][] => {
  const pairs: [number, number][] = [];
  let at = olds;
  let diagonal = olds - freshes;
  for (let differences = reached.length - 1; differences >= 0; differences--) {
    const best = reached[differences - 1] ?? new Map([[1, 0]]);
    const start = startOf(best, diagonal, differences);
    while (at > start) {
      at--;
      pairs.push([at, at - diagonal]);
    }
    if (differences === 0) break;
    const above = best.get(diagonal + 1) ?? -1;
    const below = best.get(diagonal - 1) ?? -1;
    const down = isDown(above, below, diagonal, differences);
    diagonal += down ? 1 : -1;
    at = down ? start : start - 1;
  }
  return pairs.reverse();
};
