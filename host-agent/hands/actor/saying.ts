import type { Writable } from 'node:stream';
import type { ToActor } from './frames.ts';

/** Bytes of files that an actor has not read yet; calls and what is said of them pass by these. */
const maxWaitingBytes = 256 * 1024;

/** How the hands say something to an actor. To one that is gone nothing can be said, and its end tells who waits. */
export const sayTo = (stdin: Writable) => {
  let room: Promise<void> | undefined;
  const say = (frame: ToActor): void => {
    if (stdin.writable) stdin.write(`${JSON.stringify(frame)}\n`);
  };
  return {
    say,
    /** Says a frame, and bytes right behind it. Resolves when there is room for more, or the actor is gone. */
    sayBytes: async (frame: ToActor, bytes: Uint8Array): Promise<void> => {
      if (!stdin.writable) return;
      stdin.cork();
      say(frame);
      stdin.write(bytes);
      stdin.uncork();
      if (stdin.writableLength <= maxWaitingBytes) return;
      room ??= new Promise<void>((resolve) => {
        stdin.once('drain', resolve).once('close', resolve);
      }).finally(() => {
        room = undefined;
      });
      await room;
    },
  };
};
