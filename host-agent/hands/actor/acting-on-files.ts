import { Credit } from '../../../shared/channels/credit.ts';
import { AppError, assertNever } from '../../../shared/errors.ts';
import { createInflow, type Inflow } from '../../process/inflow.ts';
import { type FilesFailure, type FromActor, maxLineBytes, maxPieceBytes, type ToActor } from './frames.ts';

/** What an act on files comes to. */
export interface FilesActed {
  reply: unknown;
  /** Bytes that go with it; none if absent. */
  bytes?: {
    /** The next, at most so many; null at the end. */
    read(max: number): Promise<Uint8Array | null>;
    close(): Promise<void>;
  };
}

/**
 * Does what is asked with files, as the user of this process. `body` are the bytes that came with it; they fail when
 * `signal` aborts. Throws AppError for what people are told.
 */
export type ActOnFiles = (
  asked: unknown,
  body: AsyncGenerator<Uint8Array, void>,
  signal: AbortSignal,
) => Promise<FilesActed>;

type FilesFrame = Extract<ToActor, { type: 'files' | 'bytes' | 'grant' | 'whole' }>;

interface Act {
  stop: AbortController;
  inflow: Inflow;
  credit: Credit;
  ended: Promise<void>;
}

/** A reply is one line, and a character has three bytes at most, or six where it is escaped. */
const maxReplyChars = maxLineBytes / 4;
const tooLargeText = 'The answer is too large: ask for less.';

interface ActsParts {
  act: ActOnFiles;
  say(frame: FromActor): void;
  /** Says a frame, and bytes right behind it. */
  sayBytes(frame: FromActor, bytes: Uint8Array): void;
}

/** The acts on files that run in this actor. */
export interface Acts {
  take(frame: FilesFrame): void;
  /** Bytes behind the last frame `bytes`. */
  takeBytes(part: Buffer): void;
  cancel(id: number): void;
  count(): number;
  /** Cancels all of them; resolves when they have ended. */
  end(): Promise<void>;
}

export const createActs = ({ act, say, sayBytes }: ActsParts): Acts => {
  const running = new Map<number, Act>();
  let receiver: number | undefined;

  const run = async (id: number, asked: unknown, { inflow, credit, stop }: Omit<Act, 'ended'>): Promise<void> => {
    let failure: FilesFailure | null = null;
    try {
      const { reply, bytes } = await act(asked, inflow.read(), stop.signal);
      try {
        if (JSON.stringify(reply).length > maxReplyChars) throw new AppError('too_large', tooLargeText);
        say({ type: 'reply', id, reply });
        for (let piece = await bytes?.read(maxPieceBytes); piece; piece = await bytes?.read(maxPieceBytes)) {
          await credit.spend(piece.length);
          sayBytes({ type: 'bytes', id, count: piece.length }, piece);
        }
      } finally {
        await bytes?.close();
      }
    } catch (error) {
      failure = toldOf(error);
    }
    running.delete(id);
    say({ type: 'over', id, failure });
  };

  const cancel = ({ stop, inflow, credit }: Act): void => {
    const error = new AppError('unavailable', 'It was cut off before its end. Try again.');
    stop.abort(error);
    inflow.fail(error);
    credit.fail(error);
  };

  return {
    take: (frame) => {
      switch (frame.type) {
        case 'files': {
          const { id } = frame;
          const inflow = createInflow((bytes) => say({ type: 'grant', id, bytes }));
          const one = { inflow, credit: new Credit(), stop: new AbortController() };
          inflow.open();
          const started = Promise.resolve().then(() => run(id, frame.asked, one));
          running.set(id, { ...one, ended: started });
          return;
        }
        case 'bytes':
          receiver = frame.id;
          return;
        case 'grant':
          return running.get(frame.id)?.credit.grant(frame.bytes);
        case 'whole':
          return running.get(frame.id)?.inflow.end();
        default:
          return assertNever(frame);
      }
    },
    takeBytes: (part) => {
      const one = receiver === undefined ? undefined : running.get(receiver);
      // Of an act that is over they are nobody's.
      if (one && !one.inflow.arrived(part)) cancel(one);
    },
    cancel: (id) => {
      const one = running.get(id);
      if (one) cancel(one);
    },
    count: () => running.size,
    end: async () => {
      for (const one of running.values()) cancel(one);
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
};

const toldOf = (error: unknown): FilesFailure =>
  error instanceof AppError
    ? { code: error.code, message: error.message }
    : {
        code: 'internal',
        message: `It failed on the server: ${error instanceof Error ? error.message : String(error)}`,
      };
