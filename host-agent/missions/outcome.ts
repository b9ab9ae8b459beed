import type { Outcome } from '../../shared/events.ts';
import { resendMax, resendMs } from '../../shared/limits.ts';
import type { OpenCodeError } from '../opencode/events.ts';
import { errorText, isAbort } from './error-text.ts';
import type { Progress } from './translate.ts';

/** OpenCode says idle shortly before it stores the end of an aborted or failed answer (opencode §8.1): this long nothing more may come. */
export const settleMs = 2_000;

/** A stored message starts to run within this, also on a busy machine; an abort in between would stop nothing. */
const lateStartMs = 500;

/** What is known of a turn whose session is not busy, from OpenCode's stored state and our own (protocol §4). */
export interface Situation extends Progress {
  /** `turn.accepted` was recorded. */
  accepted: boolean;
  /** The user's wish is stored, and the session was stopped. */
  cancelled: boolean;
  /** The OpenCode process is the one the turn was started on. */
  sameInstance: boolean;
  /** Why that process ended, as the launcher saw it. */
  endedBecause?: string;
  /** An error that came for the session since the prompt was sent. */
  error: OpenCodeError | null;
  /** Since this process sent the prompt to this OpenCode process; null when it did not. */
  sinceSentMs: number | null;
  /** Since the turn was first seen in its present state: sent, or attached. */
  sinceSeenMs: number;
  /** Since the last frame of the mission's sessions. */
  quietMs: number;
  resends: number;
  /** The edge still waits for the command; null until its `welcome` says so, to a turn of an earlier process. */
  wanted: boolean | null;
  /** A person rejected what the agent asked, which stops it. */
  rejected?: boolean;
}

export type Verdict = { kind: 'send' } | { kind: 'wait'; ms: number } | { kind: 'end'; outcome: Outcome; text: string };

const end = (outcome: Outcome, text: string): Verdict => ({ kind: 'end', outcome, text });

export const cancelledText = 'Task cancelled';
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
  if (now.last.error) return failed(now.last.error);
  if (now.last.finish === 'error') return end('failed', 'OpenCode error: the model ended its answer with an error');
  if (now.last.finish && now.last.finish !== 'tool-calls') return end('completed', '');
  if (!now.sameInstance)
    return end('interrupted', now.endedBecause ?? 'OpenCode was restarted in the middle of this turn.');
  if (now.last.time.completed === undefined && now.quietMs < settleMs)
    return { kind: 'wait', ms: settleMs - now.quietMs };
  if (now.error) return failed(now.error);
  return end('interrupted', now.rejected ? rejectedText : 'The agent stopped before it had finished.');
};

const failed = (error: OpenCodeError): Verdict =>
  isAbort(error) ? end('interrupted', 'The turn was aborted in OpenCode.') : end('failed', errorText(error));

/** Errors come twice (opencode §7.2), and the second one of the turn before may come after this one's prompt. */
const failedUnlessEarly = (now: Situation, error: OpenCodeError): Verdict =>
  now.sinceSentMs !== null && now.sinceSentMs < settleMs
    ? { kind: 'wait', ms: settleMs - now.sinceSentMs }
    : failed(error);

/** `sinceMs` null: at once. */
const sendAgain = (now: Situation, sinceMs: number | null): Verdict => {
  if (sinceMs !== null && sinceMs < resendMs) return { kind: 'wait', ms: resendMs - sinceMs };
  if (now.resends >= resendMax)
    return end('failed', `OpenCode did not answer, although it was asked ${resendMax + 1} times.`);
  // Sending is starting, which waits for `welcome`: the message may have been cancelled, or our store may be an old copy.
  if (now.wanted === null) return { kind: 'wait', ms: resendMs };
  if (!now.wanted) return end('interrupted', 'The message was never answered, and nobody waits for it any more.');
  return { kind: 'send' };
};

/** After an abort, with the session idle: OpenCode has stored the end of the turn, or nothing more can come of it. */
export const isSettled = ({ stored, last, sinceSentMs, quietMs }: Situation): boolean => {
  // OpenCode answers a prompt before it has stored it (opencode §15).
  if (!stored) return sinceSentMs === null || sinceSentMs > settleMs;
  if (!last) return quietMs > lateStartMs;
  return last.time.completed !== undefined || quietMs > settleMs;
};
