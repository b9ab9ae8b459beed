/**
 * What the edge of a start is made of, as one text: the build, where it works, and what a person can set. The same
 * text, the same edge. It is kept on disk, where no secret may be (see `shown`).
 */
import { readFileSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConfigPlace, present } from '../../config/place.ts';
import { variableNames } from '../../config/variable-names.ts';
import { packageRoot } from '../package-root.ts';

/** Undefined where this start can't be compared with another: it says itself what is wrong. */
export const fingerprintOf = async (
  environment: NodeJS.ProcessEnv,
  { workingDir, config }: ConfigPlace,
): Promise<string | undefined> => {
  try {
    const root = packageRoot();
    const build = readFileSync(join(root, 'dist', 'build.json'), 'utf8');
    const place = [root, workingDir, config.path, fileIdentity(config.path), homedir(), tmpdir(), process.getuid?.()];
    return JSON.stringify([build, place, await settingsIn(present(environment))]);
  } catch {
    return undefined;
  }
};

/** What changes with every write to a file, and can't be set back; null where there is none. */
export const fileIdentity = (path: string): string | null => {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? `${found.dev} ${found.ino} ${found.size} ${found.ctimeMs} ${found.mode} ${found.uid}` : null;
};

/** Names that only we read: a start refuses those that it does not know. */
const ours = /^OPEN_?AGENT_/;

/** The variables of this start that are set, in an order of their own. */
const settingsIn = async (set: Record<string, string>): Promise<Record<string, string>> => {
  const names = Object.keys(set).filter((name) => isVariable(name) || ours.test(name) || name === 'LIBRARY_REMOTE');
  const entries = names.sort().map(async (name) => [name, await shown(name, set[name] ?? '')] as const);
  return Object.fromEntries(await Promise.all(entries));
};

const isVariable = (name: string): boolean => variableNames.some((known) => known === name);

/**
 * A variable's text without what must not be on disk. Of a password counts whether there is one: a changed one is
 * noticed as in every start (state/edge-secrets.ts). Keys, which nobody guesses, are hashed.
 */
const shown = async (name: string, text: string): Promise<string> => {
  switch (name) {
    case 'DASHBOARD_PASSWORD':
      return withoutPassword(text);
    case 'OPEN_AGENT_USERS':
      return JSON.stringify(JSON.parse(text), (key, value) =>
        key === 'password' && typeof value === 'string' ? withoutPassword(value) : value,
      );
    case 'OPENCODE_BASE_URL':
      return text.replace(/\/\/.*@/, '//');
    case 'JWT_SECRET':
    case 'LIBRARY_REMOTE':
    case 'OPENCODE_CONFIG_CONTENT':
      return hashed(text);
    default:
      return isVariable(name) ? text : 'set';
  }
};

/** A hash that a person made is in the edge's configuration as it is. */
const withoutPassword = (text: string): string => (text.trim().startsWith('scrypt$') ? text : 'set');

const hashed = async (text: string): Promise<string> => {
  const { createHash } = await import('node:crypto'); // Loading it takes 4 ms, which most starts are spared.
  return createHash('sha256').update(text).digest('base64url');
};
