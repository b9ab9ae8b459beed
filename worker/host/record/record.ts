import { isInFlight } from '../../../shared/commands.ts';
import type { LogEvent } from '../../../shared/events.ts';
import { maxPartChars } from '../../../shared/limits.ts';
import { isResumable, reduceMission } from '../../../shared/reducer.ts';
import { endAnswer, endAnswersTo, hasAnswerEnded, kindOfAnswer } from '../asks/answers.ts';
import { endAsk, endsWith, storeAsk } from '../asks/asks.ts';
import type { HostContext } from '../context.ts';
import { endsNoMessage, isOrdersEnd, type LogRow, type UnknownEvent } from '../log/log.ts';
import { endMessage, getMessage, markMessage } from '../messages/messages.ts';
import { placedBy } from '../messages/places.ts';
import { getMission, type Mission, saveMission } from '../missions/missions.ts';
import { endOrder, orderOf } from '../missions/orders.ts';
import { storeTodos } from '../missions/todos.ts';
import { closeLeftOpen, closePart, getPart, openPart, type Part, storeCheckpoint } from '../text/parts.ts';

/** What one event became: the rows written, in order, and texts that are not in the rows themselves. */
export interface Recorded {
  row: LogRow;
  mission: Mission | null;
  /** A checkpoint's own text, for live viewers; the row only points to the stored part. */
  checkpoint?: { off: number; text: string; replace: boolean };
}

/**
 * Types that get a `sequence`: one for each stored event of the contract (§6.2). So does a turn's start that places its
 * message.
 */
const isShown = (event: LogEvent | UnknownEvent): boolean => {
  if ('unknown' in event) return false;
  switch (event.type) {
    case 'message.placed':
    case 'part.opened':
    case 'tool.called':
    case 'tool.result':
    case 'turn.error':
    case 'mission.status':
    case 'turn.ended':
    case 'command.lost':
      return true;
    case 'command.finished':
      return event.outcome !== 'finished' && !isOrdersEnd(event);
    default:
      return false;
  }
};

/**
 * Records one event of a mission: side tables, the status change that goes before it, the row itself and the mission.
 * Call inside the transaction. Facts already known (a second end of a turn, a repeated opening) are stored without
 * `sequence`, so that nothing shows them twice (protocol §4, last rule).
 */
export const recordEvent = (host: HostContext, missionId: string, event: LogEvent | UnknownEvent): Recorded[] => {
  const before = getMission(host.sql, missionId);
  if (!before || before.deleted_at !== null) return [];
  const { recorded, after } = recordIn(host, before, event, host.now());
  saveMission(host.sql, before, after);
  return recorded;
};

/**
 * The same for a mission that its caller has read, and saves as what it is `after`. `at` (milliseconds) is when it
 * happened by its producer's clock, which only the row shows; the mission's own times are the edge's.
 */
export const recordIn = (
  host: HostContext,
  before: Mission,
  said: LogEvent | UnknownEvent,
  at: number,
): { recorded: Recorded[]; after: Mission } => {
  const event = asAnswers(host.sql, said);
  const missionId = before.id;
  let mission = before;
  const recorded: Recorded[] = [];
  const write = (written: LogEvent | UnknownEvent, shown: boolean, extra?: Pick<Recorded, 'checkpoint'>): void => {
    const row = host.log.append(missionId, shown ? mission.next_sequence : null, at, written);
    if (shown) mission = { ...mission, next_sequence: mission.next_sequence + 1 };
    recorded.push({ row, mission, ...extra });
  };

  if ('unknown' in event) {
    write(event, false);
    return { recorded, after: mission };
  }
  const isNew = isNewFact(host.sql, mission, event);
  const { state, change } = isNew ? reduceMission(mission, event) : { state: mission, change: null };
  const placed = isNew ? placedBy(host.sql, event) : null;
  if (placed !== null && event.type !== 'turn.started') write({ type: 'message.placed', command: placed }, true);
  // Also when the turn was already ended at the edge: parts and questions that the host began in between have no other
  // end.
  if (event.type === 'turn.ended') {
    for (const left of closeLeftOpen(host.sql, event.turn, missionId)) {
      write(
        { type: 'part.closed', part: left.part, off: left.length, text: '', length: left.length, incomplete: true },
        false,
      );
    }
    for (const left of endsWith(host.sql, missionId, event.turn)) {
      storeBesideLog(host, mission, left);
      write(left, false);
    }
  }
  if (change) write({ type: 'mission.status', ...change }, true);
  mission = { ...mission, status: state.status, turn: state.turn, endedTurn: state.endedTurn };
  const stored = isNew ? storeBesideLog(host, mission, event) : { event, keep: event.type !== 'part.checkpoint' };
  if (stored.keep)
    write(
      stored.event,
      isNew && (isShown(event) || (placed !== null && event.type === 'turn.started')),
      stored.checkpoint ? { checkpoint: stored.checkpoint } : {},
    );
  mission = { ...mission, ...accounts(mission, event, isNew), ...times(before, mission, event, host.now()) };
  return { recorded: recorded.map((entry) => ({ ...entry, mission })), after: mission };
};

/**
 * An older host ends an answer, or an order that it does not understand, like any other command, without `of`; it is
 * added here, so that the end says nothing about the mission.
 */
const asAnswers = (sql: SqlStorage, event: LogEvent | UnknownEvent): LogEvent | UnknownEvent => {
  if ('unknown' in event || event.type !== 'command.finished') return event;
  const kind = orderOf(sql, event.command)?.kind ?? kindOfAnswer(sql, event.command);
  return kind === null ? event : { ...event, of: kind };
};

/** False for a second end of a turn or command, and for a turn's start told again or after its command's end. */
const isNewFact = (sql: SqlStorage, mission: Mission, event: LogEvent): boolean => {
  switch (event.type) {
    case 'turn.started':
      // A host may begin a command before it hears that it was ended at the edge; that brings nothing back to life.
      return event.turn !== mission.turn && event.turn !== mission.endedTurn && !hasEnded(sql, event.command);
    case 'turn.ended':
      return event.turn === mission.turn;
    case 'command.finished':
      return endsNoMessage(event) ? !hasAnswerEnded(sql, event.command) : !hasEnded(sql, event.command);
    case 'command.lost':
      return !hasEnded(sql, event.command);
    default:
      return true;
  }
};

/** Whether a command has ended. False for a command that this object does not know: then the host's word counts. */
const hasEnded = (sql: SqlStorage, id: string): boolean => {
  const command = getMessage(sql, id);
  return command !== null && command.state !== 'kept' && (command.state === 'removed' || !isInFlight(command.state));
};

interface Stored {
  event: LogEvent;
  keep: boolean;
  checkpoint?: { off: number; text: string; replace: boolean };
}

/** Writes parts and command states; returns the event as the log keeps it (texts live in the parts, not in rows). */
const storeBesideLog = (host: HostContext, mission: Mission, event: LogEvent): Stored => {
  switch (event.type) {
    case 'turn.started':
      markMessage(host.sql, event.command, 'running', event.turn);
      return { event, keep: true };
    case 'turn.accepted':
      markMessage(host.sql, event.command, 'running', event.turn);
      return { event, keep: true };
    case 'turn.ended':
      endMessage(
        host.sql,
        event.command,
        event.outcome === 'completed' ? 'finished' : event.outcome === 'failed' ? 'failed' : 'interrupted',
      );
      return { event, keep: true };
    case 'request.asked':
      // A question of a turn that has already ended is only logged: nobody can answer it.
      return { event, keep: event.turn !== mission.turn || storeAsk(host, mission.id, event) };
    case 'request.ended':
      endAnswersTo(host.sql, event.request);
      return { event, keep: endAsk(host.sql, event) };
    case 'command.finished':
      if (endOrder(host.sql, event.command)) return { event, keep: true };
      if (endsNoMessage(event)) endAnswer(host.sql, event);
      else endMessage(host.sql, event.command, event.outcome === 'cancelled' ? 'interrupted' : event.outcome);
      return { event, keep: true };
    case 'command.lost':
      endMessage(host.sql, event.command, 'lost');
      return { event, keep: true };
    case 'part.opened':
      return {
        event,
        keep: openPart(host.sql, {
          part: event.part,
          mission: mission.id,
          turn: event.turn,
          kind: event.kind,
          parent_call: event.parent_call ?? null,
        }),
      };
    case 'turn.todos':
      return { event, keep: storeTodos(host.sql, mission.id, event.todos) };
    case 'part.checkpoint': {
      const part = getPart(host.sql, event.part);
      const checkpoint = { off: event.off, text: event.text, replace: event.replace === true };
      // The row is written next.
      if (
        !part ||
        !takesText(part) ||
        isTooLong(event) ||
        !storeCheckpoint(host.sql, part, checkpoint, host.log.head + 1)
      )
        return { event, keep: false };
      return { event: { ...event, text: '' }, keep: true, checkpoint };
    }
    case 'part.closed': {
      const part = getPart(host.sql, event.part);
      if (!part || !takesText(part)) return { event, keep: false };
      const text = isTooLong(event) ? '' : event.text;
      const whole = closePart(host.sql, part, event.off, text, event.length);
      return { event: { ...event, text: '', ...(whole ? {} : { incomplete: true }) }, keep: true };
    }
    default:
      return { event, keep: true };
  }
};

/** A part takes text while it is open, and also after the edge closed it: text that comes late must not be lost. */
const takesText = (part: Part): boolean => !part.closed || part.left;

/** What is behind the bound is not kept; the part's end is marked `incomplete`, since its length says more. */
const isTooLong = ({ off, text }: { off: number; text: string }): boolean => off + text.length > maxPartChars;

const accounts = (mission: Mission, event: LogEvent, isNew: boolean): Partial<Mission> => {
  if (event.type === 'turn.cost' && event.turn === mission.turn) return { turn_cost_usd: event.usage.cost_usd };
  if (event.type === 'turn.ended' && isNew)
    return { cost_usd: mission.cost_usd + event.usage.cost_usd, turn_cost_usd: 0 };
  return {};
};

const isActivity: ReadonlySet<string> = new Set<LogEvent['type']>([
  'message.kept',
  'message.edited',
  'message.removed',
  'turn.ended',
  'mission.status',
]);

/** `updated_at` moves with what the directory shows, not with every event; contract §5.1 defines `interrupted_at`. */
const times = (before: Mission, after: Mission, event: LogEvent, nowMs: number): Partial<Mission> => {
  if (before.status === after.status && !isActivity.has(event.type)) return {};
  const interruptedAt = isResumable(after.status) ? (before.interrupted_at ?? nowMs) : null;
  return { updated_at: nowMs, interrupted_at: interruptedAt };
};
