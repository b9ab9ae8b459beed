/**
 * Begins the command line of a program of ours: the Node that runs here. What it would say about node:sqlite being new
 * is nothing to a person.
 */
export const nodeCommand = (...flags: string[]): [string, ...string[]] => [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  ...flags,
];

/**
 * Megabytes of V8's young generation. Left alone, Node would let it grow to several times this before it collects
 * garbage.
 */
export const smallYoungHeap = '--max-semi-space-size=1';
