import type { Socket } from 'node:net';
import { maxLineBytes } from './requests.ts';

/**
 * The first line of a connection, upon which whoever sent it waits for an answer. Rejects where the connection ends
 * before, something follows the line, or it is too long.
 */
export const oneLine = (socket: Socket): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    const over = (): void => {
      socket.off('data', take).off('close', closed);
      socket.pause();
    };
    const closed = (): void => {
      over();
      reject(new Error('the connection ended without a line'));
    };
    const take = (bytes: Buffer): void => {
      text += bytes.toString();
      const end = text.indexOf('\n');
      if (end === -1 && text.length <= maxLineBytes) return;
      over();
      if (end === text.length - 1) resolve(text.slice(0, end));
      else reject(new Error('more than a line came'));
    };
    socket.on('data', take).on('close', closed);
  });
