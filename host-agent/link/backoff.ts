import { doubled } from '../../shared/backoff.ts';
import type { LinkTimes } from './times.ts';

/** Why a session ended, as far as the next dial is concerned. */
export type EndKind =
  /** The network, the edge or this end let go; dial again soon. */
  | 'lost'
  /** Credential, epoch or version: a person has to do something. */
  | 'refused'
  /** A newer session of the same host took over (4012): two clones must not fight. */
  | 'replaced';

export interface Ending {
  kind: EndKind;
  /** The session proved useful: an ack came, or it stayed up for longer than a silence. */
  settled: boolean;
  /** How long it was up after `welcome`, in ms; 0 without one. */
  upMs: number;
}

/** How many sessions in a row ended in each way. */
export interface Attempts {
  lost: number;
  refused: number;
  replaced: number;
}

export const noAttempts: Attempts = { lost: 0, refused: 0, replaced: 0 };

/**
 * How long to wait before the next dial (protocol §8 and §2, 4012), and the count to go on with. `random` is in [0, 1).
 * Ordinary losses use full jitter, so that a restarted edge is not met by all its servers at once.
 */
export const nextDial = (
  attempts: Attempts,
  ending: Ending,
  times: LinkTimes,
  random: number,
): { attempts: Attempts; waitMs: number } => {
  const before = forget(attempts, ending, times);
  const after = { ...before, [ending.kind]: before[ending.kind] + 1 };
  switch (ending.kind) {
    case 'lost':
      return { attempts: after, waitMs: random * doubled(times.redialMinMs, times.redialMaxMs, before.lost) };
    case 'refused':
      return { attempts: after, waitMs: doubled(times.refusedMinMs, times.refusedMaxMs, before.refused) };
    case 'replaced':
      return { attempts: after, waitMs: doubled(times.replacedMinMs, times.replacedMaxMs, before.replaced) };
  }
};

/**
 * Two clones that keep replacing each other stay up for as long as the other one waits. So the count is reset only
 * after twice the longest wait.
 */
const forget = (attempts: Attempts, ending: Ending, times: LinkTimes): Attempts => ({
  lost: ending.settled ? 0 : attempts.lost,
  refused: ending.upMs > 0 ? 0 : attempts.refused,
  replaced: ending.upMs > 2 * times.replacedMaxMs ? 0 : attempts.replaced,
});
