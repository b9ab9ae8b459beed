/**
 * Files that come in pieces. These are kept below the state directory: `pieces-<key>-<total>/<index>` waits for the
 * others of its upload, `joined-…` are those of one that is being put where it belongs.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { maxUploadBytes } from '../../shared/limits.ts';
import { leavingRoom } from './leaving-room.ts';
import { writeFirstPart } from './multipart.ts';

/** Which upload a piece is of. */
export interface UploadKey {
  owner: string;
  /** As the client sent them. */
  path: string;
  upload: string;
}

const directoryOf = (root: string, { owner, path, upload }: UploadKey, total: number): string => {
  const key = createHash('sha256')
    .update(JSON.stringify([owner, path, upload]))
    .digest('hex')
    .slice(0, 32);
  return join(root, `pieces-${key}-${total}`);
};

/**
 * Keeps one piece; the same one sent again replaces it. Throws AppError for an empty one and for another number of
 * pieces.
 */
export const takePiece = async (
  root: string,
  key: UploadKey,
  { index, total }: { index: number; total: number },
  body: AsyncIterable<Uint8Array>,
  contentType: string,
): Promise<void> => {
  const directory = directoryOf(root, key, total);
  await mkdir(directory, { recursive: true });
  await refuseOtherTotal(root, directory);
  const file = join(directory, `${index}.${randomUUID()}`);
  try {
    const { bytes } = await writeFirstPart(leavingRoom(root, body), contentType, file);
    if (bytes === 0) throw new AppError('bad_request', `Chunk ${index} of ${total} is empty: send it again.`);
    await rename(file, join(directory, String(index)));
  } finally {
    await rm(file, { force: true });
  }
};

/** An upload keeps the number of pieces it began with. */
const refuseOtherTotal = async (root: string, directory: string): Promise<void> => {
  const start = directory.slice(root.length + 1, directory.lastIndexOf('-') + 1);
  const other = (await readdir(root)).find((name) => name.startsWith(start) && join(root, name) !== directory);
  if (other === undefined) return;
  if ((await readdir(directory)).length === 0) await rm(directory, { recursive: true });
  const total = other.slice(start.length);
  throw new AppError('conflict', `This upload_id was begun with ${total} chunks: use another one for another file.`);
};

/**
 * Puts the pieces of an upload together and gives their bytes to `put`; then they are gone. Only one caller gets them,
 * so that two tabs cannot mix them. Throws AppError when one is missing, or of another size than the others: then all
 * stay as they are.
 */
export const joinPieces = async <T>(
  root: string,
  key: UploadKey,
  total: number,
  put: (bytes: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> => {
  const directory = directoryOf(root, key, total);
  await checkPieces(directory, total);
  const own = join(root, `joined-${randomUUID()}`);
  await rename(directory, own).catch(() => {
    throw missing(0, total); // Another request has them.
  });
  try {
    return await put(inOrder(own, total));
  } finally {
    await rm(own, { recursive: true, force: true });
  }
};

/** Each piece goes when it was read: the disk need not hold the file twice. */
async function* inOrder(directory: string, total: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < total; index++) {
    const piece = join(directory, String(index));
    yield* createReadStream(piece);
    await rm(piece);
  }
}

const checkPieces = async (directory: string, total: number): Promise<void> => {
  let sum = 0;
  let usual = 0;
  for (let index = 0; index < total; index++) {
    const found = await stat(join(directory, String(index))).catch(() => null); // Missing, for whatever reason.
    if (!found) throw missing(index, total);
    if (index === 0) usual = found.size;
    const isWrong = index === total - 1 ? found.size > usual : found.size !== usual;
    if (isWrong)
      throw new AppError(
        'conflict',
        `Chunk ${index} has ${found.size} bytes and others ${usual}: send the file again.`,
      );
    sum += found.size;
  }
  if (sum > maxUploadBytes) throw new AppError('too_large', `The upload is larger than ${maxUploadBytes} bytes`);
};

const missing = (index: number, total: number): AppError =>
  new AppError('internal', `Missing chunk ${index} of ${total}: send the file again.`);
