import { randomFillSync } from 'node:crypto';
import { rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Ends of turns, and what else the host-agent has to say of what already runs: a day of a busy server's. */
const reserveBytes = 64 * 1024 * 1024;
/** A small disk is not filled by the reserve itself: this share of what is free. */
const shareOfFree = 20;

/** Room on the disk that only the outbox gets. */
export interface Reserve {
  /** Gives the room up. False when it was given up already. */
  give(): boolean;
  /** Takes the room again. False while the disk has too little. */
  take(): boolean;
}

/** Without one: a full disk is full. */
export const noReserve: Reserve = { give: () => false, take: () => true };

/**
 * A file that is in the way of everything else which fills the disk, and is removed when the outbox needs its room. A
 * file that is there already, of a process before, is the reserve.
 */
export const reserveFile = (path: string): Reserve => ({
  give() {
    if (sizeOf(path) === null) return false;
    rmSync(path);
    return true;
  },
  take() {
    if (sizeOf(path) !== null) return true;
    const { bavail, bsize } = statfsSync(dirname(path));
    try {
      // Random, since a file system may compress or leave out what is all the same.
      const room = randomFillSync(Buffer.alloc(Math.min(reserveBytes, Math.floor((bavail * bsize) / shareOfFree))));
      writeFileSync(path, room, { mode: 0o600, flush: true });
      return true;
    } catch (error) {
      rmSync(path, { force: true });
      if (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT'))
        return false;
      throw error;
    }
  },
});

const sizeOf = (path: string): number | null => statSync(path, { throwIfNoEntry: false })?.size ?? null;
