import { AppError } from '../../shared/errors.ts';
import { diskBelow } from '../process/disk.ts';

/** What files leave free: the host-agent's outbox, OpenCode's database and agents at work need the disk too. */
const leaveBytes = 512 * 1024 * 1024;
/** Where that is most of a small disk, this share of it is left free. */
const shareOfDisk = 20;
/** Between two looks; a look takes microseconds. */
const lookBytes = 1024 * 1024;

/** True while the disk under `root` has more free than files may take. */
const hasRoom = async (root: string): Promise<boolean> => {
  const { free, all } = await diskBelow(root);
  return free > Math.min(leaveBytes, all / shareOfDisk);
};

/**
 * The same bytes, as long as the disk under `root` has room beside them. Throws AppError before it is full: what
 * everybody's missions need is not given to one person's file.
 */
export async function* leavingRoom(root: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let passed = lookBytes;
  for await (const piece of body) {
    passed += piece.byteLength;
    if (passed >= lookBytes) {
      passed = 0;
      if (!(await hasRoom(root)))
        throw new AppError(
          'too_large',
          'The disk of this server is nearly full, so the file was not taken. Free space there, then send it again.',
        );
    }
    yield piece;
  }
}
