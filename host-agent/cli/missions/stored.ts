/** The stored events of a mission (`GET …/events`) as lines. */
import type { Outcome } from '../../../shared/events.ts';
import { missionStatus } from '../../../shared/events.ts';
import type { Line } from '../following/lines.ts';
import type { End } from '../following/reading.ts';
import type { StoredEvent } from './shapes.ts';

/** Null for events that say nothing to a person. */
export const storedLine = (event: StoredEvent): Line | null => {
  const { event_type: type, event_id: id, content, metadata } = event;
  switch (type) {
    case 'user_message':
      return { type: 'message', id: id ?? '', content, queued: false };
    case 'thinking':
      return content === '' ? null : { type: 'thought', text: content };
    case 'tool_call':
      return { type: 'tool', id: event.tool_call_id ?? '', name: event.tool_name ?? '', args: jsonOf(content) };
    case 'tool_result': {
      const result = jsonOf(content);
      const failed = typeof result === 'object' && result !== null && 'error' in result;
      return { type: 'tool_result', id: event.tool_call_id ?? '', name: event.tool_name ?? '', result, failed };
    }
    case 'error':
      return { type: 'error', message: content };
    case 'mission_status_changed': {
      const status = missionStatus.safeParse(metadata.status).data;
      return status === undefined ? null : { type: 'status', status, summary: content || null };
    }
    case 'assistant_message':
      return storedEnd(event);
    default:
      return null;
  }
};

/** The end of a turn, as far as the store tells: which message it answers, it does not. */
export const storedEnd = ({ content, metadata }: StoredEvent): End => ({
  type: 'end',
  message_id: null,
  outcome: outcomeOf(metadata),
  text: content,
  model: typeof metadata.model === 'string' ? metadata.model : null,
  cost_usd: typeof metadata.cost_cents === 'number' ? metadata.cost_cents / 100 : null,
});

/** A turn that was cancelled and one that was interrupted can both be resumed; the store keeps no more. */
const outcomeOf = ({ success, resumable }: StoredEvent['metadata']): Outcome => {
  if (success === true) return 'completed';
  return resumable === true ? 'interrupted' : 'failed';
};

/** Content that an edge writes as JSON; a text is shown as it is. */
const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};
