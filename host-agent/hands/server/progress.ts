import type { ProgressToken, ServerNotification } from '@modelcontextprotocol/sdk/types.js';
import type { Cancel, Clock } from '../../../shared/clock.ts';
import { endOf } from '../../../shared/text.ts';
import type { PrintedPiece } from '../call/caller.ts';

/** OpenCode gives up a call of MCP after 60 s without a sign of life (opencode §9), and a busy machine delays some. */
export const progressMs = 10_000;
/**
 * What a call prints is told at once, and then what came in such a time together, which is all that a cancel may lose.
 */
const togetherMs = 100;
/**
 * The more was told of a call the longer it is gathered, up to twenty times as long: an OpenCode that reads nothing has
 * all of it kept here.
 */
const slowerAfterChars = 256 * 1024;
const slowestTimes = 20;
/** Of it: as much as its caller keeps (opencode/plugin/printed), so that a flood costs OpenCode next to nothing. */
const maxTogetherChars = 15 * 1024;

/** Tells the caller of a call about it while it runs, where that wants to know. */
export interface Progress {
  /** It printed something. */
  printed(text: string): void;
  /** The result comes: nothing more is told. */
  end(): void;
}

/** Says again and again that a call still runs, and what it prints. */
export const progressOf = (
  token: ProgressToken | undefined,
  send: (notification: ServerNotification) => Promise<void>,
  clock: Clock,
): Progress => {
  if (token === undefined) return { printed: () => undefined, end: () => undefined };
  const begunMs = clock.steadyMs();
  const tell = (printed?: PrintedPiece): void => {
    const seconds = (clock.steadyMs() - begunMs) / 1000;
    const message = `It has run for ${Math.round(seconds)} s.`;
    const params = { progressToken: token, progress: seconds, message, ...(printed ? { _meta: { printed } } : {}) };
    send({ method: 'notifications/progress', params }).catch(() => undefined); // Who is gone does not wait.
  };
  let waiting: PrintedPiece = { skipped: 0, text: '' };
  let pause: Cancel | null = null;
  let told = 0;
  const tellPrinted = (): void => {
    tell(waiting);
    told += waiting.text.length;
    waiting = { skipped: 0, text: '' };
    pause = clock.after(togetherMs * Math.min(slowestTimes, 1 + Math.floor(told / slowerAfterChars)), () => {
      pause = null;
      if (waiting.text !== '') tellPrinted();
    });
  };
  const quiet = clock.every(progressMs, () => tell());

  return {
    printed: (piece) => {
      const all = waiting.text + piece;
      const text = endOf(all, maxTogetherChars);
      waiting = { skipped: waiting.skipped + all.length - text.length, text };
      if (pause === null) tellPrinted();
    },
    end: () => {
      quiet();
      pause?.();
    },
  };
};
