/**
 * Where a message stands in the conversation: where its turn starts, or where it ended without one. Until then it
 * waits, and stands behind everything that has its place. The state of its command says which: `markMessage` and
 * `endMessage` change it with the row that places it, so a message is placed once.
 */
import type { LogEvent } from '../../../shared/events.ts';
import type { CommandId } from '../../../shared/ids.ts';
import { endsNoMessage } from '../log/log.ts';
import { getMessage, type KeptMessage } from './messages.ts';
import { inFlight, waitingIn, waitingMessages } from './waiting.ts';

/**
 * In the conversation for a message that is only known by its end or turn: the edge was replaced by a copy from before
 * it.
 */
export const lostMessage = '(The text of this message is lost: Open Agent was set back to a time before it was sent.)';

const isUnplaced = ({ state }: KeptMessage): boolean =>
  state === 'kept' || state === 'sent' || state === 'received' || state === 'accepted';

/** Messages of a mission that wait for their turn, oldest first. */
export function* unplaced(sql: SqlStorage, mission: string): Generator<KeptMessage> {
  const first = inFlight(sql, mission);
  if (first !== null && isUnplaced(first)) yield first;
  yield* waitingMessages(sql, { mission });
}

/** How many they are. */
export const unplacedCount = (sql: SqlStorage, mission: string): number => {
  const first = inFlight(sql, mission);
  return (first !== null && isUnplaced(first) ? 1 : 0) + (waitingIn(sql, mission)?.messages ?? 0);
};

/**
 * The message that an event gives its place, or null. Ask before the event changes the state of its command, and only
 * of a new fact.
 */
export const placedBy = (sql: SqlStorage, event: LogEvent): CommandId | null => {
  switch (event.type) {
    case 'turn.started':
    case 'command.lost':
      return isKnownPlaced(sql, event.command) ? null : event.command;
    case 'command.finished':
      return endsNoMessage(event) || isKnownPlaced(sql, event.command) ? null : event.command;
    // The row of its start is lost in a gap. One that the object does not know has had that row before the copy was
    // made.
    case 'turn.accepted': {
      const message = getMessage(sql, event.command);
      return message !== null && isUnplaced(message) ? event.command : null;
    }
    default:
      return null;
  }
};

const isKnownPlaced = (sql: SqlStorage, command: string): boolean => {
  const message = getMessage(sql, command);
  return message !== null && !isUnplaced(message);
};
