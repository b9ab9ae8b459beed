import { Credit } from '../../../shared/channels/credit.ts';
import { AppError, assertNever, type ErrorCode, httpStatus } from '../../../shared/errors.ts';
import { createInflow, type Inflow } from '../../process/inflow.ts';
import { type FromActor, maxPieceBytes, type ToActor } from './frames.ts';

/** An act on files that an actor does for the host-agent. */
export interface FilesAct {
  /**
   * What it comes to, unchecked. Rejects with AppError as the actor says, also where it was cancelled, and with
   * `ActorEnded`.
   */
  reply: Promise<unknown>;
  /** The bytes behind the reply, as fast as they are read. Throws as `reply` does. */
  bytes: AsyncGenerator<Uint8Array, void>;
  /** Resolves when it is over, however it ended. */
  ended: Promise<void>;
}

type FilesFrame = Extract<FromActor, { type: 'reply' | 'bytes' | 'grant' | 'over' }>;

interface Act {
  inflow: Inflow;
  credit: Credit;
  replied(reply: unknown): void;
  over(error: Error | null): void;
}

/** The acts on files that an actor does now, as the hands see them. */
export interface AskedActs {
  /** Asks for an act under this number. `body` are the bytes that go with it. */
  ask(id: number, asked: unknown, body: AsyncIterable<Uint8Array>, signal: AbortSignal): FilesAct;
  take(frame: FilesFrame): void;
  /** Bytes behind the last frame `bytes`. False where they were not granted: then the actor has to go. */
  takeBytes(part: Buffer): boolean;
  /** The actor is gone. */
  fail(error: Error): void;
}

interface AskingParts {
  say(frame: ToActor): void;
  /**
   * Says a frame, and bytes right behind it. Resolves when there is room for more: an actor may grant without end, and
   * read nothing.
   */
  sayBytes(frame: ToActor, bytes: Uint8Array): Promise<void>;
}

export const createAskedActs = ({ say, sayBytes }: AskingParts): AskedActs => {
  const open = new Map<number, Act>();
  let receiver: number | undefined;

  const send = async (id: number, body: AsyncIterable<Uint8Array>, credit: Credit): Promise<void> => {
    for await (const part of body) {
      for (let at = 0; at < part.length; at += maxPieceBytes) {
        const piece = part.subarray(at, at + maxPieceBytes);
        await credit.spend(piece.length);
        await sayBytes({ type: 'bytes', id, count: piece.length }, piece);
      }
    }
    if (open.has(id)) say({ type: 'whole', id });
  };

  return {
    ask: (id, asked, body, signal) => {
      const inflow = createInflow((bytes) => say({ type: 'grant', id, bytes }));
      const credit = new Credit();
      const replied = Promise.withResolvers<unknown>();
      const ended = Promise.withResolvers<void>();
      replied.promise.catch(() => undefined); // Whoever reads the bytes is told as well.
      const cancel = (): void => say({ type: 'cancel', id });
      const over = (error: Error | null): void => {
        signal.removeEventListener('abort', cancel);
        open.delete(id);
        const silent = new AppError(
          'internal',
          'The process that acts on files ended this without a reply. Try again.',
        );
        replied.reject(error ?? silent); // Nothing, where it has replied.
        credit.fail(error ?? new Error('the act is over')); // Ends the sending of bytes that it does not want any more.
        if (error) inflow.fail(error);
        else inflow.end();
        ended.resolve();
      };
      open.set(id, { inflow, credit, replied: replied.resolve, over });
      say({ type: 'files', id, asked });
      inflow.open();
      if (signal.aborted) cancel();
      else signal.addEventListener('abort', cancel, { once: true });
      send(id, body, credit).catch(() => {
        // Its own failure, or an act that is over and reads no more of it: in both cases there is nothing to go on
        // with.
        if (open.has(id)) cancel();
      });
      return { reply: replied.promise, bytes: inflow.read(), ended: ended.promise };
    },
    take: (frame) => {
      const act = open.get(frame.id);
      switch (frame.type) {
        case 'reply':
          act?.replied(frame.reply);
          return;
        case 'bytes':
          receiver = frame.id;
          return;
        case 'grant':
          act?.credit.grant(frame.bytes);
          return;
        case 'over':
          act?.over(frame.failure && new AppError(codeOf(frame.failure.code), frame.failure.message));
          return;
        default:
          return assertNever(frame);
      }
    },
    // Of an act that is over they are nobody's.
    takeBytes: (part) => (receiver === undefined ? undefined : open.get(receiver))?.inflow.arrived(part) ?? true,
    fail: (error) => {
      for (const { over } of open.values()) over(error);
    },
  };
};

const isErrorCode = (code: string): code is ErrorCode => code in httpStatus;
const codeOf = (code: string): ErrorCode => (isErrorCode(code) ? code : 'internal');
