import { type LogEvent, type MissionStatus, type Outcome, outcomeOf, type TurnEnded } from './events.ts';
import type { TurnId } from './ids.ts';
import { beginningOf } from './text.ts';

/** The part of a mission that events decide. `turn` is the turn in progress; `endedTurn` the last that ended. */
export interface MissionState {
  status: MissionStatus;
  turn: TurnId | null;
  endedTurn: TurnId | null;
}

export interface StatusChange {
  status: MissionStatus;
  summary: string | null;
}

const statusAfter: Record<Outcome, MissionStatus> = {
  completed: 'completed',
  failed: 'failed',
  // A cancelled mission can be resumed, which the contract allows for `interrupted` only (§5.5 NEW).
  cancelled: 'interrupted',
  interrupted: 'interrupted',
  blocked: 'blocked',
};

const summaryOf = (ended: TurnEnded): string | null => {
  switch (outcomeOf(ended)) {
    case 'completed':
      return null;
    case 'cancelled':
      return 'Cancelled by user';
    case 'failed':
    case 'interrupted':
    case 'blocked':
      return beginningOf(ended.text, 500) || 'Unexpected termination';
  }
};

/**
 * The mission after an event, and the status change that has to be logged just before it (contract §4.3: the status
 * change precedes the assistant message), or null. A turn has one end: a second end, or the end of a turn that is not
 * the one in progress, changes nothing (protocol §4).
 */
export const reduceMission = (
  state: MissionState,
  event: LogEvent,
): { state: MissionState; change: StatusChange | null } => {
  switch (event.type) {
    case 'turn.started': {
      if (event.turn === state.turn || event.turn === state.endedTurn) return { state, change: null };
      const change: StatusChange | null = state.status === 'active' ? null : { status: 'active', summary: null };
      return { state: { ...state, status: 'active', turn: event.turn }, change };
    }
    case 'turn.ended': {
      if (event.turn !== state.turn) return { state, change: null };
      const ended: MissionState = { ...state, turn: null, endedTurn: event.turn };
      if (state.status !== 'active') return { state: ended, change: null };
      const change: StatusChange = { status: statusAfter[outcomeOf(event)], summary: summaryOf(event) };
      return { state: { ...ended, status: change.status }, change };
    }
    case 'command.lost':
      return withoutTurn(state, { status: 'interrupted', summary: event.text });
    case 'command.finished':
      if (event.outcome === 'finished' || event.of !== undefined) return { state, change: null };
      return withoutTurn(state, {
        status: event.outcome === 'failed' ? 'failed' : 'interrupted',
        summary: event.outcome === 'cancelled' ? 'Cancelled by user' : event.text,
      });
    case 'mission.status':
      return { state: { ...state, status: event.status }, change: null };
    default:
      return { state, change: null };
  }
};

/**
 * A command that ended without a turn. It changes the status only when no other turn is in progress. A completed
 * mission changes too, because the message that should have continued it did not run.
 */
const withoutTurn = (
  state: MissionState,
  change: StatusChange,
): { state: MissionState; change: StatusChange | null } =>
  state.turn !== null || state.status === change.status
    ? { state, change: null }
    : { state: { ...state, status: change.status }, change };

/** Contract §5.1: what a status implies. */
export const isResumable = (status: MissionStatus): boolean => status === 'interrupted' || status === 'blocked';
