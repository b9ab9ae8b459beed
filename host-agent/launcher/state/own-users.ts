/**
 * Which Linux users our own processes are (architecture §12), so that none of them can read what another has. They have
 * no entry on the machine: nobody logs in as one, and numbers are all that the kernel needs.
 */
import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import * as z from 'zod';
import { StartError } from '../../config/start-error.ts';
import type { StateFiles } from '../../config/state-files.ts';
import type { ContainmentMeans } from '../../process/namespace.ts';
import { replaceFile } from '../../process/replace-file.ts';
import { takenNumbers } from '../../warden/users.ts';
import { readStateJson } from './state-json.ts';

export interface OwnUsers {
  edge: number;
  openCode: number;
}

/**
 * Below agents' users (warden/users), above containers' and what distributions give to people, services and (subuid)
 * containers of theirs. Each installation has a block.
 */
const range = { from: 690_000, below: 700_000 };
/** Two are in use; the others are for processes that are to have one of their own. */
const blockSize = 8;

const kept = z.strictObject({ first: z.int() });

/**
 * The users of this installation, the same for ever: drawn at its first start as root, by where its state is, so that
 * two on one machine have others. Null where processes run as the user that we are: without root, or without what
 * takes a user of its own here. Rejects where they can't be written down.
 */
export const ownUsersOf = async (
  files: Pick<StateFiles, 'dir' | 'ownUsers'>,
  means: ContainmentMeans,
): Promise<OwnUsers | null> => {
  if (!canHaveOwnUsers(means)) return null;
  const first = (await readStateJson(files.ownUsers, kept))?.first ?? (await draw(files));
  return { edge: first, openCode: first + 1 };
};

/** Whether this machine lets our processes be other users than we are. */
export const canHaveOwnUsers = (
  { setpriv, pidNamespace, mounts }: ContainmentMeans,
  isRoot = process.getuid?.() === 0,
): boolean => isRoot && setpriv && pidNamespace && mounts === 'as root';

const draw = async ({ dir, ownUsers }: Pick<StateFiles, 'dir' | 'ownUsers'>): Promise<number> => {
  const blocks = (range.below - range.from) / blockSize;
  const isTaken = await takenNumbers();
  const start =
    createHash('sha256')
      .update(await realpath(dir))
      .digest()
      .readUInt32BE() % blocks;
  for (let at = 0; at < blocks; at++) {
    const first = range.from + ((start + at) % blocks) * blockSize;
    if (Array.from({ length: blockSize }, (_, next) => first + next).some(isTaken)) continue;
    await replaceFile(ownUsers, JSON.stringify({ first }), 0o600);
    return first;
  }
  throw new StartError(
    `No numbers of Linux users are left between ${range.from} and ${range.below}: /etc/passwd, group, subuid and subgid have them.`,
  );
};
