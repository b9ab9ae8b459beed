import type { Outcome } from '../../../shared/events.ts';
import { resendMax, resendMs } from '../../../shared/limits.ts';
import type { AssistantMessage, OpenCodeError } from '../../opencode/api/events.ts';
import { cancelledText, errorText, isAbort, isInterruption } from '../transcript/error-text.ts';
import { isFinal } from '../transcript/step.ts';
import { blockedText, repeatedText } from '../transcript/step-text.ts';
import type { Situation } from './situation.ts';

/**
 * OpenCode says idle shortly before it stores the end of an aborted or failed answer (opencode §8.1): this long nothing
 * more may come.
 */
export const settleMs = 2_000;

/** A stored message starts to run within this, also on a busy machine; an abort in between would stop nothing. */
const lateStartMs = 500;

type End = { kind: 'end'; outcome: Outcome; text: string };
export type Verdict = { kind: 'send' } | { kind: 'renew' } | { kind: 'wait'; ms: number } | End;

const end = (outcome: Outcome, text: string): End => ({ kind: 'end', outcome, text });

const rejectedText = 'The agent stopped, because what it asked for was rejected.';

/** The table "Sending a prompt again" of protocol §4, for a session that is idle. */
export const judge = (now: Situation): Verdict => {
  if (now.cancelled) return end('cancelled', cancelledText);
  if (!now.stored) {
    if (now.error) return failedUnlessEarly(now, now.error);
    if (now.accepted) {
      return end(
        'interrupted',
        "OpenCode's store no longer has this message; tools may have run. Send it again if needed.",
      );
    }
    return sendAgain(now, now.sinceSentMs);
  }
  if (!now.last) {
    if (now.error) return failedUnlessEarly(now, now.error);
    if (now.newer) return end('interrupted', 'OpenCode went on with a later message and never answered this one.');
    return sendAgain(now, now.sinceSentMs ?? now.sinceSeenMs);
  }
  if (now.last.error && isAbort(now.last.error) && now.endedBecause) return end('interrupted', now.endedBecause);
  if (now.last.error && isBroken(now, now.last.error)) return sendAgain(now, null, 'renew');
  // A cut answer is an error to OpenCode, and half an answer to people.
  if (now.last.error && !cuts.has(now.last.error.name)) return failed(now.last.error);
  if (now.last.finish === 'error') return end('failed', 'OpenCode error: the model ended its answer with an error');
  if (now.last.error || isFinal({ last: now.last, content: now.content })) return judgeAnswer(now, now.last);
  if (!now.sameProcess)
    return end('interrupted', now.endedBecause ?? 'OpenCode was restarted in the middle of this turn.');
  if (now.last.time.completed === undefined && now.quietMs < settleMs)
    return { kind: 'wait', ms: settleMs - now.quietMs };
  if (now.error) return failed(now.error);
  if (now.rejected) return end('interrupted', rejectedText);
  const isOver = now.last.time.completed !== undefined && now.last.finish !== undefined;
  if (isOver && (now.last.finish !== 'tool-calls' || !now.content.has('tool'))) return judgeAnswer(now, now.last);
  return end('interrupted', 'The agent stopped before it had finished.');
};

/** Errors by which OpenCode says that the answer was cut. */
const cuts: ReadonlySet<string> = new Set(['ContentFilterError', 'MessageOutputLengthError']);

/** `completed` means that the model ended its answer by itself, and that there is one. */
const judgeAnswer = ({ content, hasAnswer }: Situation, last: AssistantMessage): End => {
  const missing = blockedText(last, content, hasAnswer);
  return missing === null ? end('completed', '') : end('blocked', missing);
};

/**
 * How a turn ends that OpenCode would go on with for ever, or null. `stopAfter`: so many steps in a row that brought
 * nothing; 0 lets them go on.
 */
export const judgeEndless = (now: Situation, stopAfter: number): End | null => {
  if (now.repeating && now.last) return judgeAnswer(now, now.last);
  const { fruitless } = now;
  return fruitless && stopAfter > 0 && fruitless.series.count >= stopAfter
    ? end('blocked', repeatedText(fruitless.series, fruitless.isSubAgents))
    : null;
};

const failed = (error: OpenCodeError): Verdict =>
  isAbort(error) ? end('interrupted', 'The turn was aborted in OpenCode.') : end('failed', errorText(error));

/**
 * OpenCode reports an error twice (opencode §7.2), and the second report of the previous turn's error may come after
 * this turn's prompt. So an early error is not believed yet.
 */
const failedUnlessEarly = (now: Situation, error: OpenCodeError): Verdict => {
  if (now.sinceSentMs !== null && now.sinceSentMs < settleMs) return { kind: 'wait', ms: settleMs - now.sinceSentMs };
  return isBroken(now, error) ? sendAgain(now, null, 'renew') : failed(error);
};

/**
 * A stop that came while OpenCode set up the directory has broken what was being set up, and every later message there
 * is stopped by it before anything has come of it (opencode §8.6). A second abort behind that is somebody's wish.
 */
const isBroken = (now: Situation, error: OpenCodeError): boolean =>
  now.isBare && now.sameProcess && isInterruption(error) && now.resends < (isAbort(error) ? 1 : resendMax);

/** `sinceMs` null: at once. */
const sendAgain = (now: Situation, sinceMs: number | null, kind: 'send' | 'renew' = 'send'): Verdict => {
  if (sinceMs !== null && sinceMs < resendMs) return { kind: 'wait', ms: resendMs - sinceMs };
  if (now.resends >= resendMax)
    return end('failed', `OpenCode did not answer, although it was asked ${resendMax + 1} times.`);
  // Sending is starting, which waits for `welcome`: the message may have been cancelled, or our store may be an old
  // copy.
  if (now.wanted === null) return { kind: 'wait', ms: resendMs };
  if (!now.wanted) return end('interrupted', 'The message was never answered, and nobody waits for it any more.');
  return { kind };
};

/** After an abort, with the session idle: OpenCode has stored the end of the turn, or nothing more can come of it. */
export const isSettled = ({ stored, last, sinceSentMs, quietMs }: Situation): boolean => {
  // OpenCode answers a prompt before it has stored it (opencode §15).
  if (!stored) return sinceSentMs === null || sinceSentMs > settleMs;
  if (!last) return quietMs > lateStartMs;
  return last.time.completed !== undefined || quietMs > settleMs;
};
