// Sources with bugs in them, for whoever builds or runs them; the files themselves stay as they are.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Text that stands exactly once in a source file, and what is there instead. */
export interface Planted {
  /** Path from the package's root. */
  file: string;
  from: string;
  to: string;
}

/** Throws where a text is not there exactly once. */
export const checkPlaces = (root: string, bugs: readonly Planted[]): void => {
  for (const { file, from } of bugs) {
    const times = readFileSync(join(root, file), 'utf8').split(from).length - 1;
    if (times !== 1) throw new Error(`"${from}" stands ${times} times in ${file}, not once: plant the bug anew`);
  }
};

/** The text of the file at `path` with those of the bugs that are its own; null where none is. */
export const withBugs = (root: string, bugs: readonly Planted[], path: string, text: string): string | null => {
  const own = bugs.filter(({ file }) => join(root, file) === path);
  return own.length === 0 ? null : own.reduce((source, { from, to }) => source.replace(from, () => to), text);
};

/**
 * For vitest: plugins that put these bugs (JSON of `Planted[]`) into what its suites test; none where there are none.
 */
export const plantedInSuites = (root: string, json: string | undefined) => {
  if (json === undefined) return [];
  const bugs: Planted[] = JSON.parse(json);
  return [
    {
      // vitest keeps what plugins made of a file for its next run, by their names.
      name: `planted ${json}`,
      enforce: 'pre' as const,
      transform: (text: string, id: string): string | null => withBugs(root, bugs, id.split('?')[0] ?? id, text),
    },
  ];
};
