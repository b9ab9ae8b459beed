/** What a program names itself may be anything; what we repeat is short and plain. */
const plainName = /[^\w.:+-]+/g;
/** More names than this say no more to people. */
const shownNames = 8;

/**
 * Names of the processes that a command left in its PID namespace, from the stat lines of process/namespace.ts. Not
 * counted: the inits of the namespace, which are its first `inits` processes, and zombies, which only wait to be
 * reaped.
 */
export const namesLeft = (stats: string, inits: number): string[] =>
  stats.split('\n').flatMap((line) => {
    const [, pid, name = '', state] = /^(\d+) \((.*)\) ([A-Za-z]) /.exec(line) ?? [];
    const isOurs = pid === undefined || Number(pid) <= inits;
    return isOurs || state === 'Z' || state === 'X' ? [] : [name];
  });

/** `3 processes (sleep 2, node)`: how many of which name, the most frequent first. */
export const inWords = (names: readonly string[]): string => {
  const counts = new Map<string, number>();
  for (const raw of names) {
    const name = raw.replace(plainName, '_');
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const most = [...counts].sort(([, a], [, b]) => b - a);
  const shown = most.slice(0, shownNames).map(([name, count]) => (count > 1 ? `${name} ${count}` : name));
  const more = most.length > shownNames ? [`${most.length - shownNames} other names`] : [];
  return `${names.length} ${names.length === 1 ? 'process' : 'processes'} (${[...shown, ...more].join(', ')})`;
};
