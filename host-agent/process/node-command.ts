/**
 * Begins the command line of a program of ours: the Node that runs here. What it would say about node:sqlite being new
 * is nothing to a person.
 */
export const nodeCommand = (...flags: string[]): [string, ...string[]] => [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  ...flags,
];
