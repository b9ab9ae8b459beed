/**
 * What a start that was ready keeps for the next one: the edge's configuration, with the token of internal routes
 * already drawn, and what it is for. It is used once; a start that ends before it is ready leaves none.
 */
import { chmodSync, chownSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { StateFiles } from '../../config/state-files.ts';
import { writePrivateFile } from '../../process/private-file.ts';
import { fileIdentity } from './fingerprint.ts';

export interface Kept {
  host: string;
  /** As it is configured: 0 takes a free one. */
  port: number;
  /** The executable of workerd. */
  command: string;
  /** Number of the user that it is; null: the one that we are. */
  user: number | null;
  /** Text of the edge's configuration. */
  config: string;
  /** The one in `config`. */
  internalToken: string;
}

/** With what is made at the first start, and may be taken away by a person. */
const markOf = ({ secrets }: StateFiles, fingerprint: string): string => `${fingerprint} ${fileIdentity(secrets)}`;

/** Keeps it for the next start with this fingerprint. Called when `secrets.json` is as the next start will find it. */
export const keepForNext = (files: StateFiles, fingerprint: string, kept: Kept): Promise<void> =>
  writePrivateFile(files.edgeNext, JSON.stringify({ ...kept, mark: markOf(files, fingerprint) }));

/** What the last start kept, where that was for this fingerprint. */
export const readKept = (files: StateFiles, fingerprint: string): Kept | undefined => {
  try {
    const found: unknown = JSON.parse(readFileSync(files.edgeNext, 'utf8'));
    return isKept(found) && found.mark === markOf(files, fingerprint) ? found : undefined;
  } catch {
    return undefined; // None, or none that can be read: this start makes another.
  }
};

/** By hand: zod is half of what a start loads, and is loaded once the edge has begun. */
const isKept = (found: unknown): found is Kept & { mark: string } =>
  typeof found === 'object' &&
  found !== null &&
  ['host', 'command', 'config', 'internalToken', 'mark'].every(
    (name) => typeof Reflect.get(found, name) === 'string',
  ) &&
  Number.isInteger(Reflect.get(found, 'port')) &&
  (Reflect.get(found, 'user') === null || Number.isInteger(Reflect.get(found, 'user')));

/** Makes it the configuration of this start, and takes it from the next. Under the lock. */
export const useKept = (files: StateFiles, { config, user }: Kept): void => {
  rmSync(files.edgeNext);
  // Not written through: who finds it damaged makes another.
  writeFileSync(`${files.edgeConfig}.new`, config, { mode: 0o600 });
  if (user !== null) {
    chownSync(`${files.edgeConfig}.new`, 0, user);
    chmodSync(`${files.edgeConfig}.new`, 0o640);
  }
  renameSync(`${files.edgeConfig}.new`, files.edgeConfig);
};
