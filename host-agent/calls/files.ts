import type { fileCalls } from '../../shared/calls/files.ts';
import { downloadChannel, uploadChannel } from '../../shared/channels/transfers.ts';
import { AppError } from '../../shared/errors.ts';
import { takeFirstPart } from '../files/multipart.ts';
import type { PlaceFiles } from '../files/place-files.ts';
import { joinPieces, takePiece } from '../files/uploads.ts';
import type { Log } from '../process/log.ts';
import { receiveBytes } from '../relay/receive.ts';
import { sendBytes } from '../relay/send.ts';
import type { Dial } from '../relay/socket.ts';
import type { RepliesTo } from './replies.ts';

export interface FilesOptions {
  dial: Dial;
  /** The files of a user's place. Throws AppError for nobody, where places are apart. */
  placeOf(owner: string | undefined): PlaceFiles;
  /** Where pieces of files on their way in are kept. */
  uploads: string;
  log: Log;
}

/**
 * Files of this server (contract §2.10): a path says where in it a file is, and what is done with it the asking user's
 * place does. What moves bytes is answered as soon as it is allowed; the bytes go over a channel of the relay.
 */
export const filesReplies = ({ dial, placeOf, uploads, log }: FilesOptions): RepliesTo<typeof fileCalls> => {
  /** Goes on after the call is answered; the other end hears of a failure by the transfer. */
  const inBackground = (work: Promise<void>, transfer: string): void => {
    work.catch((error: unknown) => {
      if (error instanceof AppError) log.info('transfer.ended', { transfer, text: error.message });
      else log.error('transfer.failed', { transfer, error });
    });
  };

  return {
    list: (args, owner) => placeOf(owner).ask('list', args),
    makeDirectory: (args, owner) => placeOf(owner).ask('makeDirectory', args),
    remove: (args, owner) => placeOf(owner).ask('remove', args),
    send: async ({ transfer, ...wanted }, owner) => {
      const reading = await placeOf(owner).read({ ...wanted, withBytes: transfer !== null });
      if (transfer && reading.described.span) {
        inBackground(
          sendBytes(dial, downloadChannel, transfer, reading.read).finally(() => reading.close()),
          transfer.id,
        );
      } else await reading.close();
      return reading.described;
    },
    receive: async ({ scope, path, transfer, owner: uploader, contentType, chunk }, owner) => {
      const files = placeOf(owner);
      const { shown } = await files.ask('check', { scope, path });
      const store = async (body: AsyncIterable<Uint8Array>) => {
        if (!chunk) return takeFirstPart(body, contentType, (bytes, name) => files.put({ scope, path, name }, bytes));
        await takePiece(uploads, { owner: uploader, path, upload: chunk.upload }, chunk, body, contentType);
        return { path: shown, name: String(chunk.index) };
      };
      inBackground(receiveBytes(dial, uploadChannel, transfer, store), transfer.id);
      return {};
    },
    finish: async ({ scope, path, owner: uploader, upload, name, total }, owner) => {
      const files = placeOf(owner);
      await files.ask('check', { scope, path });
      return joinPieces(uploads, { owner: uploader, path, upload }, total, (bytes) =>
        files.put({ scope, path, name }, bytes),
      );
    },
  };
};
