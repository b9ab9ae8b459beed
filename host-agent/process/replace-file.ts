import { open, rename, rm } from 'node:fs/promises';

/** What the umask leaves of it. */
const usualMode = 0o666;

/**
 * Writes a file whole or not at all: a crash, or a reader at the wrong moment, sees the old one. Rejects with what the
 * system says, and then leaves nothing behind.
 */
export const replaceFile = async (path: string, text: string, mode = usualMode): Promise<void> => {
  const { randomUUID } = await import('node:crypto'); // Only by who writes: loading it takes a start 4 ms.
  const fresh = `${path}.${randomUUID()}.new`;
  try {
    // Nothing that is there, or was put there as a link, is written to.
    const file = await open(fresh, 'wx', mode);
    try {
      if (mode !== usualMode) await file.chmod(mode); // Whatever the umask of whoever started us.
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => undefined); // The first failure is the one to tell.
    throw error;
  }
};
