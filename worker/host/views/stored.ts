import { type StoredEventJson, timestamp } from '../../../shared/api.ts';
import type { LogEvent } from '../../../shared/events.ts';
import { endsNoMessage, isOrdersEnd, type LogRow } from '../log/log.ts';
import type { KeptMessage } from '../messages/messages.ts';
import { answerEndedText } from './asks.ts';
import { endWithoutTurn, isEndResumable } from './default.ts';
import type { Texts } from './texts.ts';

type Shown = Pick<StoredEventJson, 'event_type' | 'content'> & Partial<StoredEventJson>;

/**
 * A log row as a stored event of the contract (§6), or null when the contract has none for it. A part is one `thinking`
 * event with its text as of now; `closed` tells whether the part has ended. A message that was taken out of the queue
 * keeps its sequence under a type that no client shows, so that sequences stay contiguous (protocol §4).
 */
export const renderStored = (row: LogRow, texts: Texts, closed: (part: string) => boolean): StoredEventJson | null => {
  if (row.sequence === null || row.mission === null || 'unknown' in row.event) return null;
  const shown = shownAs(row.event, texts, closed);
  if (!shown) return null;
  return {
    id: row.seq,
    mission_id: row.mission,
    sequence: row.sequence,
    timestamp: timestamp(row.at),
    ...none,
    ...shown,
  };
};

const none = { event_id: null, tool_call_id: null, tool_name: null, metadata: {} };

/** A message that waits: it has no `sequence` yet, and stands at the end under the one that its reader has come to. */
export const renderWaiting = (
  { seq, mission, at, id }: KeptMessage,
  sequence: number,
  texts: Pick<Texts, 'message'>,
): StoredEventJson => ({
  id: seq,
  mission_id: mission,
  sequence,
  timestamp: timestamp(at),
  ...none,
  event_type: 'user_message',
  content: texts.message(id),
  event_id: id,
  metadata: { queued: true },
});

const shownAs = (event: LogEvent, texts: Texts, closed: (part: string) => boolean): Shown | null => {
  switch (event.type) {
    case 'message.kept':
    case 'message.placed':
    case 'turn.started':
      return {
        event_type: 'user_message',
        content: texts.message(event.command),
        event_id: event.command,
        metadata: { queued: false },
      };
    case 'part.opened':
      return { event_type: 'thinking', content: texts.part(event.part), metadata: { done: closed(event.part) } };
    case 'tool.called':
      return {
        event_type: 'tool_call',
        content: JSON.stringify(event.args ?? {}),
        tool_call_id: event.tool_call_id,
        tool_name: event.name,
      };
    case 'tool.result':
      return {
        event_type: 'tool_result',
        content: JSON.stringify(event.result ?? null),
        tool_call_id: event.tool_call_id,
        tool_name: event.name,
      };
    case 'turn.error':
      return { event_type: 'error', content: event.message, metadata: { resumable: true } };
    case 'mission.status':
      return { event_type: 'mission_status_changed', content: event.summary ?? '', metadata: { status: event.status } };
    case 'turn.ended':
      return {
        event_type: 'assistant_message',
        content: texts.assistantMessage(event),
        event_id: event.turn,
        metadata: {
          success: event.outcome === 'completed',
          cost_cents: Math.round(event.usage.cost_usd * 100),
          model: event.model,
          shared_files: null,
          resumable: isEndResumable(event.outcome),
        },
      };
    case 'command.finished':
      if (isOrdersEnd(event)) return null;
      if (endsNoMessage(event))
        return { event_type: 'error', content: answerEndedText(event), metadata: { resumable: true } };
      return endWithoutTurnAs(event.command, event.text);
    case 'command.lost':
      return endWithoutTurnAs(event.command, event.text);
    case 'log.pruned':
      return prunedShown(event);
    default:
      return null;
  }
};

/** What left the log, under a type that the contract does not have: its clients pass over it. */
export const prunedShown = ({ from, to, rows, bytes, archived }: Extract<LogEvent, { type: 'log.pruned' }>): Shown => ({
  event_type: 'log_pruned',
  content: `The events ${from} to ${to} of this mission are no longer kept here. ${whereItIs[archived]}`,
  metadata: { from, to, rows, bytes, archived },
});

const whereItIs = {
  all: 'They can be read from the archive (archived=true).',
  some: 'Some of them can be read from the archive (archived=true), the others are gone.',
  none: 'They are gone: an admin set how long this server keeps them.',
} as const;

/** A message that never got a turn, as the answer that says why. */
const endWithoutTurnAs = (command: string, text: string): Shown => {
  const { id, content, success, cost_cents, model, resumable } = endWithoutTurn(command, text);
  return {
    event_type: 'assistant_message',
    content: String(content),
    event_id: String(id),
    metadata: { success, cost_cents, model, shared_files: null, resumable },
  };
};
