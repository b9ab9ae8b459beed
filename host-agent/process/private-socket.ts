import { once } from 'node:events';
import { chmod, chown, rm } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { privateDirectory } from './private-file.ts';

/** Longest path of a socket: what the kernel has room for (unix(7)), less the zero at its end. */
const maxPathBytes = 107;

/** Why no socket can be made at a path, for people; undefined when one can. */
export const noRoomForSocket = (path: string): string | undefined => {
  const bytes = Buffer.byteLength(path);
  if (bytes <= maxPathBytes) return undefined;
  return (
    `The path of a socket has at most ${maxPathBytes} bytes on Linux, and ${path} has ${bytes}. ` +
    'Set a WORKING_DIR with a shorter path.'
  );
};

/**
 * Listens on a socket that only our user can reach: its directory is closed to all others before it is made. With
 * `group` that can, too, where it may go through the directory. One that a killed process left goes first. Rejects
 * where another process answers on it.
 */
export const listenPrivately = async (server: Server, path: string, group?: number): Promise<void> => {
  const tooLong = noRoomForSocket(path);
  if (tooLong !== undefined) throw new Error(tooLong);
  await privateDirectory(dirname(path));
  if (await answers(path)) throw new Error(`another process listens on ${path}`);
  await rm(path, { force: true });
  server.listen(path);
  await once(server, 'listening');
  if (group === undefined) return chmod(path, 0o600);
  await chown(path, process.getuid?.() ?? 0, group);
  await chmod(path, 0o660);
};

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    const say = (is: boolean) => () => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', say(true)).once('error', say(false));
  });
