/** Where a command writes, and how. */

export interface Ends {
  /** The answer. */
  out: (text: string) => void;
  /** Everything about it. */
  err: (text: string) => void;
  /** Somebody reads at a terminal: what is on the way to the answer is of interest. */
  isWatched: boolean;
  /** Both go to one terminal, so that a line of one must not begin in the middle of the other's. */
  isShared: boolean;
  /** Less bright, where the terminal has that. */
  dim: (text: string) => string;
  /** Columns of the terminal that standard output goes to; null when standard output is not a terminal. */
  columns: number | null;
}

/** Those of this process. Colours by https://no-color.org, and not on a terminal that has none. */
export const processEnds = (environment: NodeJS.ProcessEnv): Ends => {
  const { stdout, stderr } = process;
  const hasColour = stderr.isTTY && !environment.NO_COLOR && environment.TERM !== 'dumb';
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    isWatched: stderr.isTTY === true,
    isShared: stdout.isTTY === true && stderr.isTTY === true,
    dim: (text) => (hasColour ? `\u001b[2m${text}\u001b[22m` : text),
    columns: stdout.isTTY ? stdout.columns : null,
  };
};
