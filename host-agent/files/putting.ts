import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { FileScope } from '../../shared/calls/files.ts';
import type { Pinned } from '../workspaces/pinned.ts';
import type { WorkspaceFiles } from '../workspaces/workspace.ts';
import { withFileErrors } from './errors.ts';
import { leavingRoom } from './leaving-room.ts';
import { safeName } from './names.ts';

/**
 * Makes bytes a file in the directory that a client means, which is made if need be; one of that name is replaced. They
 * grow beside it under a name of ours, so that nobody ever sees half a file there. Out: where it is now. Throws
 * AppError with a text about the path, and what `bytes` throw.
 */
export const putFile = (
  files: WorkspaceFiles,
  scope: FileScope,
  { path, name: given }: { path: string; name?: string | undefined },
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ path: string; name: string }> => {
  const name = safeName(given);
  return withFileErrors(`${path.replace(/\/+$/, '')}/${name}`, async () => {
    const directory = await files.openDirectory(scope, files.wanted(scope, path), { make: true });
    const part = directory.at(`.openagent-${randomUUID()}.part`);
    try {
      await pipeline(leavingRoom(directory.at(), bytes), createWriteStream(part, { flags: 'wx', flush: true }));
      await removeOldParts(directory, (await lstat(part)).mtimeMs);
      await rename(part, directory.at(name));
      return { path: `${directory.path === '/' ? '' : directory.path}/${name}`, name };
    } finally {
      await rm(part, { force: true });
      await directory.close();
    }
  });
};

/** A transfer in which nothing moves for five minutes is over (worker/relay/port); this part grows no more. */
const oldMs = 3600_000;
const partName = /^\.openagent-[0-9a-f-]{36}\.part$/;

/** Removes what processes that were killed have left of earlier files; `nowMs` by the clock of the file system. */
const removeOldParts = async (directory: Pinned, nowMs: number): Promise<void> => {
  for (const name of await readdir(directory.at())) {
    if (!partName.test(name)) continue;
    const changedMs = (await lstat(directory.at(name)).catch(() => null))?.mtimeMs ?? nowMs; // It is whole by now.
    if (nowMs - changedMs > oldMs) await rm(directory.at(name), { force: true });
  }
};
