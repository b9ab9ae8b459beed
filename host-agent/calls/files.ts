import type { fileCalls } from '../../shared/calls/files.ts';
import { downloadChannel, uploadChannel } from '../../shared/channels/transfers.ts';
import { AppError } from '../../shared/errors.ts';
import { listDirectory, makeDirectory, remove } from '../files/browse.ts';
import { withFileErrors } from '../files/errors.ts';
import { safeName } from '../files/names.ts';
import { placeFile } from '../files/placing.ts';
import { openReading } from '../files/reading.ts';
import { joinPieces, takePiece, takeWhole } from '../files/uploads.ts';
import type { Log } from '../process/log.ts';
import { receiveBytes } from '../relay/receive.ts';
import { sendBytes } from '../relay/send.ts';
import type { Dial } from '../relay/socket.ts';
import type { Workspaces } from '../workspaces/registry.ts';
import type { RepliesTo } from './replies.ts';

export interface FilesOptions {
  dial: Dial;
  workspaces: Workspaces;
  /** Where files on their way in are kept. */
  uploads: string;
  log: Log;
}

/**
 * Files of this server (contract §2.10): a path says where in it a file is, so the machine's own workspace finds it.
 * What moves bytes is answered as soon as it is allowed; the bytes go over a channel of the relay.
 */
export const filesReplies = ({ dial, workspaces, uploads, log }: FilesOptions): RepliesTo<typeof fileCalls> => {
  const { files } = workspaces.host;
  /** Goes on after the call is answered; the other end hears of a failure by the transfer. */
  const inBackground = (work: Promise<void>, transfer: string): void => {
    work.catch((error: unknown) => {
      if (error instanceof AppError) log.info('transfer.ended', { transfer, text: error.message });
      else log.error('transfer.failed', { transfer, error });
    });
  };

  return {
    list: ({ scope, path }) => listDirectory(files, scope, path),
    makeDirectory: async ({ scope, path }) => {
      await makeDirectory(files, scope, path);
      return {};
    },
    remove: async ({ scope, path, recursive }) => {
      await remove(files, scope, path, recursive);
      return {};
    },
    send: async ({ scope, transfer, ...wanted }) => {
      const reading = await openReading(files, scope, wanted);
      if (transfer && reading.described.span) {
        inBackground(
          sendBytes(dial, downloadChannel, transfer, reading.read).finally(() => reading.close()),
          transfer.id,
        );
      } else await reading.close();
      return reading.described;
    },
    receive: async ({ scope, path, transfer, owner, contentType, chunk }) => {
      const wanted = files.wanted(scope, path);
      await withFileErrors(path, () => files.check(scope, wanted));
      const store = (body: AsyncIterable<Uint8Array>) =>
        withFileErrors(path, async () => {
          if (!chunk)
            return takeWhole(uploads, body, contentType, (file, name) => placeFile(files, scope, path, { file, name }));
          await takePiece(uploads, { owner, path, upload: chunk.upload }, chunk, body, contentType);
          return { path: wanted.shown, name: String(chunk.index) };
        });
      inBackground(receiveBytes(dial, uploadChannel, transfer, store), transfer.id);
      return {};
    },
    finish: ({ scope, path, owner, upload, name, total }) =>
      withFileErrors(path, async () => {
        await files.check(scope, files.wanted(scope, path));
        return joinPieces(uploads, { owner, path, upload }, total, (file) =>
          placeFile(files, scope, path, { file, name: safeName(name) }),
        );
      }),
  };
};
