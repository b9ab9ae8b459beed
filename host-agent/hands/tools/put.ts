/** Writing, moving away and removing files, each in a directory that is held (held.ts). */
import { randomUUID } from 'node:crypto';
import { constants, fchmodSync, fstatSync, lstatSync, type Stats } from 'node:fs';
import { type FileHandle, open, readlink, rename, rm, unlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { codeOf, Refused } from '../call/refused.ts';
import type { FileState } from '../call/tool.ts';
import { type HeldDirectory, holdParent } from './held.ts';
import type { Place } from './place.ts';
import { stateOf } from './seen-files.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;

/**
 * Makes `bytes` the content of the file at `place`, whole or not at all. `before` is what was there when the content
 * was put together; null when nothing was: then the directories above it are made too. Mode, owner and group stay those
 * of the file. Resolves to what it is now. Throws `Refused` when something else is there by now, and what the file
 * system says.
 */
export const putFile = async (place: Place, bytes: Buffer, before: Stats | null): Promise<FileState> => {
  const parent = await holdParent(place.real, { make: before === null });
  try {
    const name = basename(place.real);
    try {
      return await putByRename(parent, name, place, bytes, before);
    } catch (error) {
      // A directory where nothing new may be made, and a file that is mounted, can still be written to.
      const inPlace = ['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'EXDEV'].includes(codeOf(error) ?? '');
      if (!inPlace || !before) throw error;
      return await putInPlace(parent, name, place, bytes, before);
    }
  } finally {
    parent.close();
  }
};

const putByRename = async (
  parent: HeldDirectory,
  name: string,
  place: Place,
  bytes: Buffer,
  before: Stats | null,
): Promise<FileState> => {
  // The name says nothing of the file's: with it, it could be too long.
  const fresh = parent.at(`.${randomUUID()}.new`);
  const handle = await open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, before ? 0o600 : 0o666);
  let state: FileState;
  try {
    await handle.writeFile(bytes);
    if (before) await keepOwner(handle, before);
    state = stateOf(bytes, fstatSync(handle.fd));
    checkStill(parent, name, place, before);
    await rename(fresh, parent.at(name));
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => undefined); // The first failure is the one to tell.
    throw error;
  } finally {
    await handle.close();
  }
  return state;
};

const keepOwner = async (handle: FileHandle, { uid, gid, mode }: Stats): Promise<void> => {
  const own = fstatSync(handle.fd);
  // Who may write to somebody else's file, but not give one away, becomes its owner.
  if (own.uid !== uid || own.gid !== gid) await handle.chown(uid, gid).catch(() => undefined);
  fchmodSync(handle.fd, mode & 0o7777);
};

const putInPlace = async (
  parent: HeldDirectory,
  name: string,
  place: Place,
  bytes: Buffer,
  before: Stats,
): Promise<FileState> => {
  checkStill(parent, name, place, before);
  const handle = await open(parent.at(name), O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    if (!isSameFile(await handle.stat(), before)) throw changed(place);
    if ((await readlink(`/proc/self/fd/${handle.fd}`)) !== place.real) throw changed(place);
    await handle.truncate(0);
    await handle.writeFile(bytes);
    return stateOf(bytes, await handle.stat());
  } finally {
    await handle.close();
  }
};

const changed = ({ shown }: Place): Refused =>
  new Refused(`${shown} was changed by somebody else in this moment. Read it again, then repeat the change.`);

const isSameFile = (a: Stats, b: Stats): boolean =>
  a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs;

/** Throws `Refused` unless at `name` there is still what `before` was. In the same instant as what is done next. */
const checkStill = (parent: HeldDirectory, name: string, place: Place, before: Stats | null): void => {
  const now = lstatSync(parent.at(name), { throwIfNoEntry: false });
  if (now === undefined ? before !== null : before === null || !isSameFile(now, before)) throw changed(place);
};

/** Removes the file at `place`, which is `before`. Throws as `putFile` does. */
export const removeFile = async (place: Place, before: Stats): Promise<void> => {
  const parent = await holdParent(place.real, { make: false });
  try {
    checkStill(parent, basename(place.real), place, before);
    await unlink(parent.at(basename(place.real)));
  } finally {
    parent.close();
  }
};
