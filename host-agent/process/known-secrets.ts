import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';

/** Logins are renewed while we run; a look costs a few `stat`s. */
const lookMs = 1_000;
/** Of keys and settings; what is more is something else. */
const mostBytes = 16 * 1024 * 1024;
const { O_NONBLOCK, O_RDONLY } = constants;
/** Names under which our files and OpenCode's keep secrets: keys, logins (`access`, `refresh`), passwords, headers. */
const secretName = /key|token|secret|password|authorization|credential|access|refresh/i;

/**
 * The secret values in `files` now: JSON files, of which strings under a name that says so count, and folders of files
 * that hold one key each. Files may be missing. Out: the same array until something changed, so that it can be
 * compared.
 */
export const knownSecrets = (
  files: readonly string[],
  folders: readonly string[],
  clock: Clock,
): (() => readonly string[]) => {
  let lookedAt = Number.NEGATIVE_INFINITY;
  let version = '';
  let known: readonly string[] = [];
  return () => {
    if (clock.steadyMs() - lookedAt < lookMs) return known;
    lookedAt = clock.steadyMs();
    const keyFiles = folders.flatMap(filesIn);
    const current = [...files, ...keyFiles].map(versionOf).join();
    if (current === version) return known;
    version = current;
    known = [...new Set([...files.flatMap(secretsInJson), ...keyFiles.map(textOf)])].filter((secret) => secret !== '');
    return known;
  };
};

/** Logins are renewed about every hour; what is older than these is worth nothing any more. */
const rememberedMax = 200;

export interface RememberedSecrets {
  /**
   * Those there are now and the last ones there were: a turn may still use a key that was replaced. The same array
   * until it changes.
   */
  all(): readonly string[];
  /** A secret that is about to be stored. */
  remember(secret: string): void;
}

/** Keeps what `known` yields, and what is told, for as long as this process runs. */
export const rememberedSecrets = (known: () => readonly string[]): RememberedSecrets => {
  const seen = new Set<string>();
  let from: readonly string[] = [];
  let all: readonly string[] = [];
  const add = (secrets: readonly string[]): void => {
    if (secrets.every((secret) => seen.has(secret))) return;
    for (const secret of secrets) {
      seen.delete(secret); // Again at the end: the newest stay.
      seen.add(secret);
    }
    for (const oldest of [...seen].slice(0, -rememberedMax)) seen.delete(oldest);
    all = [...seen];
  };
  return {
    all: () => {
      const now = known();
      if (now !== from) add(now);
      from = now;
      return all;
    },
    remember: (secret) => add([secret]),
  };
};

const filesIn = (folder: string): string[] => present(() => readdirSync(folder), []).map((name) => join(folder, name));

const versionOf = (path: string): string => {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.ino}:${stat.mtimeMs}:${stat.size}` : '';
};

/** Nothing that would hold up whoever reads it, such as a pipe: OpenCode's own file is another user's. */
const textOf = (path: string): string =>
  present(() => {
    const file = openSync(path, O_RDONLY | O_NONBLOCK);
    try {
      const found = fstatSync(file);
      return found.isFile() && found.size <= mostBytes ? readFileSync(file, 'utf8') : '';
    } finally {
      closeSync(file);
    }
  }, '').trim();

const secretsInJson = (path: string): string[] => {
  const found: string[] = [];
  try {
    JSON.parse(textOf(path) || '{}', (name, value: unknown) => {
      if (typeof value === 'string' && secretName.test(name) && !value.startsWith('{file:')) found.push(value);
      return value;
    });
  } catch {
    // A damaged file: whoever owns it says so, and what was read before its fault is kept.
  }
  return found;
};

/** Runs `read`; when the file or folder is missing the result is `otherwise`, every other failure is thrown. */
const present = <T>(read: () => T, otherwise: T): T => {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return otherwise;
    throw error;
  }
};
