import { isOrdersEnd, type LogRow } from '../log/log.ts';
import type { Recorded } from '../record/record.ts';
import type { ShownEvent } from './shown-event.ts';
import type { Texts } from './texts.ts';

/**
 * A log row for `?format=delta`: the log itself. Event name = type; data = {seq, mission_id, sequence, at, …event}. A
 * client keys parts by `part`, appends `delta`s and checkpoints where `off` is its text's length, and takes the text of
 * `part.closed` as final. `live` rows carry only a checkpoint's new text; replayed ones nothing of it, because the part
 * comes whole: with `part.closed`, or in the snapshot when it is still open.
 */
export const renderDelta = (
  row: LogRow,
  texts: Texts,
  live: { checkpoint?: Recorded['checkpoint'] } | null,
): ShownEvent | null => {
  const { event } = row;
  const head = { seq: row.seq, mission_id: row.mission, sequence: row.sequence, at: row.at };
  if ('unknown' in event) return { name: event.type, data: { ...event.body, ...head } };
  switch (event.type) {
    case 'part.checkpoint':
      if (!live?.checkpoint) return null;
      return { name: event.type, data: { ...head, ...event, ...live.checkpoint } };
    case 'part.closed':
      return { name: event.type, data: { ...head, ...event, off: 0, text: texts.part(event.part) } };
    case 'turn.ended':
      if (isSecondEnd(row)) return null;
      return { name: event.type, data: { ...head, ...event, text: texts.assistantMessage(event) } };
    case 'command.finished':
      return isOrdersEnd(event) ? null : { name: event.type, data: { ...head, ...event } };
    case 'command.lost':
      return isSecondEnd(row) ? null : { name: event.type, data: { ...head, ...event } };
    case 'message.kept':
    case 'message.edited':
      if (texts.wasRemoved(event.command)) return null;
      return { name: event.type, data: { ...head, ...event, content: texts.message(event.command) } };
    case 'turn.started':
    case 'message.placed': {
      // Whoever joined while the message waited has not been shown its text.
      const content = row.sequence === null ? {} : { content: texts.message(event.command) };
      return { name: event.type, data: { ...head, ...event, ...content } };
    }
    default:
      return { name: event.type, data: { ...head, ...event } };
  }
};

/** The host's own end of a turn that was ended at the edge: a turn has one end in every rendering (protocol §4). */
const isSecondEnd = (row: LogRow): boolean => row.sequence === null;
