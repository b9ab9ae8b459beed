/** ripgrep, as npm brought it: what it finds, record by record, in a directory that is held. */
import { startChild } from '../../process/child.ts';
import { Refused } from '../call/refused.ts';
import type { HeldDirectory } from './held.ts';

export interface Searched {
  /** True when it was stopped since there was enough. */
  isCut: boolean;
}

/** A record beyond this is a line that nobody reads; what is left of it is its beginning, with its path. */
const maxRecordBytes = 16 * 1024;

/**
 * Hidden files are searched, `.git` is not; `.gitignore` counts in directories without `.git` too. Its own settings
 * file does not: a person's habits are no model's. Of several patterns of names the last one decides.
 */
const always = ['--no-config', '--hidden', '--no-require-git', '--no-messages', '--glob=!**/.git/**', '--'];

/**
 * Runs it for `name` in the directory `held` and gives `take` each record, without the byte it ends with (`endsWith`);
 * a record that is too long comes cut. Ends it when `take` returns false. Throws `Refused` with what it says of a
 * pattern, and rejects when `signal` aborts.
 */
export const ripgrep = async (
  { held, name }: { held: HeldDirectory; name: string },
  args: readonly string[],
  { endsWith, signal }: { endsWith: number; signal: AbortSignal },
  take: (record: Buffer) => boolean,
): Promise<Searched> => {
  signal.throwIfAborted();
  const { rgPath } = await import('@vscode/ripgrep');
  const child = await startChild({
    command: [rgPath, ...args, ...always, name],
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
    cwd: held.at(),
    output: 'pipes',
    session: 'ours',
    tie: null,
  });
  const stop = (): void => child.kill();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const said = textOf(child.stderr);
    const isCut = child.stdout ? !(await records(child.stdout, endsWith, take)) : false;
    if (isCut) return { isCut }; // It is ended below, and nobody waits for that.
    const { code } = await child.exited;
    signal.throwIfAborted();
    // 1: nothing found. 2 with something found: a directory that may not be read.
    if (code === 2) {
      const trouble = (await said).trim();
      if (trouble !== '') throw new Refused(`The search could not be made: ${trouble}`);
    }
    return { isCut };
  } finally {
    signal.removeEventListener('abort', stop);
    child.kill();
  }
};

/** Of a message about a pattern. */
const maxSaidChars = 2_000;

const textOf = async (stream: AsyncIterable<Buffer> | null): Promise<string> => {
  let text = '';
  for await (const chunk of stream ?? []) if (text.length < maxSaidChars) text += chunk.toString();
  return text.slice(0, maxSaidChars);
};

/** Resolves to false as soon as `take` wants no more. */
const records = async (
  stream: AsyncIterable<Buffer>,
  endsWith: number,
  take: (record: Buffer) => boolean,
): Promise<boolean> => {
  let parts: Buffer[] = [];
  let bytes = 0;
  const add = (part: Buffer): void => {
    if (bytes < maxRecordBytes) parts.push(part.subarray(0, maxRecordBytes - bytes));
    bytes += part.length;
  };
  for await (const chunk of stream) {
    let from = 0;
    for (let at = chunk.indexOf(endsWith); at !== -1; at = chunk.indexOf(endsWith, from)) {
      add(chunk.subarray(from, at));
      const isGoingOn = take(Buffer.concat(parts));
      parts = [];
      bytes = 0;
      from = at + 1;
      if (!isGoingOn) return false;
    }
    if (from < chunk.length) add(chunk.subarray(from));
  }
  return true;
};
