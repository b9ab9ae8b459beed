import type { OpenCodeError } from '../../opencode/api/events.ts';
import type { MissionContext } from '../context.ts';
import type { Ingest } from '../transcript/ingest.ts';
import type { Progress } from '../transcript/translate.ts';
import type { Turn } from './turn.ts';

/** What is known of a turn whose session is not busy, from OpenCode's stored state and our own (protocol §4). */
export interface Situation extends Progress {
  /** `turn.accepted` was recorded. */
  accepted: boolean;
  /** The user's wish is stored, and the session was stopped. */
  cancelled: boolean;
  /** The OpenCode process is the one the turn was started on. */
  sameProcess: boolean;
  /** Why that process ended, as the launcher saw it. */
  endedBecause?: string;
  /** An error that came for the session since the prompt was sent. */
  error: OpenCodeError | null;
  /** Since this process sent the prompt to this OpenCode process; null when it did not. */
  sinceSentMs: number | null;
  /** Since the turn was first seen in its present state: sent, or attached. */
  sinceSeenMs: number;
  /** Since the last event of the mission's sessions. */
  quietMs: number;
  resends: number;
  /**
   * Whether the edge still waits for the command. Null for a turn of an earlier process until `welcome` has said so.
   */
  wanted: boolean | null;
  /** A person rejected what the agent asked, which stops it. */
  rejected?: boolean;
}

/** What is known of `turn` at this moment; `people` is what the edge and the user have said of it. */
export const situationOf = (
  { store, clock, endOf, following }: MissionContext,
  ingest: Ingest,
  turn: Turn,
  people: Pick<Situation, 'cancelled' | 'wanted'>,
): Situation => {
  const now = clock.steadyMs();
  const { messageID, command, record } = turn;
  const progress = ingest.progress(messageID, command.id);
  return {
    ...progress,
    last: progress.last?.id === turn.setAside ? null : progress.last,
    ...people,
    accepted: (store.turns.ofCommand(command.id)?.acceptedAt ?? null) !== null,
    endedBecause: endOf?.(record.process),
    sameProcess: record.process === following.process(),
    error: turn.error,
    sinceSentMs: turn.sentAtMs === null ? null : now - turn.sentAtMs,
    sinceSeenMs: now - turn.seenAtMs,
    quietMs: now - turn.heardAtMs,
    resends: record.resends,
    rejected: store.asks.wasRejected(record.turn),
  };
};
