// What a mission's conversation consists of, line by line, read from each place that shows it: both streams and the
// stored events.
import type { LogEvent } from '../../shared/events.ts';
import { assistantMessageId } from '../../shared/ids.ts';
import type { StoredEvent } from './comparison.ts';
import type { Reading, Row } from './reading.ts';

export interface Line {
  /** Position of its row in the log. */
  seq: number;
  /** What it is, by kind and ids. */
  head: string;
  text: string;
  /** More text may come: what is known is a beginning. */
  isOpen?: boolean;
  /** What only the apps' stream and the stored events have of it. */
  more?: string;
}

/** `placed` in order; `waiting` are messages that no turn has begun with, oldest first. */
export interface Lines {
  placed: Line[];
  waiting: Line[];
}

const json = (value: unknown): string => JSON.stringify(value);

/** Stored events, as a reload reads them. */
export const storedLines = (events: readonly StoredEvent[]): Lines => {
  const lines = events.map((event): Line & { isWaiting: boolean } => ({
    seq: event.id,
    isWaiting: event.metadata.queued === true,
    ...lineOf(event),
  }));
  const split = (isWaiting: boolean): Line[] =>
    lines.flatMap(({ isWaiting: waits, ...line }) => (waits === isWaiting ? [line] : []));
  return { placed: split(false), waiting: split(true) };
};

const lineOf = ({
  event_type,
  event_id,
  tool_call_id,
  tool_name,
  content,
  metadata,
}: StoredEvent): Omit<Line, 'seq'> => {
  switch (event_type) {
    case 'thinking':
      return { head: 'thinking', text: content, isOpen: metadata.done !== true };
    case 'tool_call':
    case 'tool_result':
      return { head: `${event_type} ${tool_call_id} ${tool_name}`, text: content };
    case 'assistant_message': {
      const { success, cost_cents, model, resumable } = metadata;
      return {
        head: `answer ${event_id}`,
        text: content,
        more: json([success, cost_cents, model, resumable === true]),
      };
    }
    case 'mission_status_changed':
      return { head: `status ${metadata.status}`, text: content };
    case 'user_message':
      return { head: `message ${event_id}`, text: content };
    default:
      return { head: event_type, text: content };
  }
};

/**
 * What a stream of the log has shown of a mission. `byEnds`: a text stands where it ended, as the apps are shown it,
 * not where it began.
 */
export const logLines = (reading: Reading, mission: string, byEnds: boolean): Lines => {
  const placed: Line[] = [];
  const waiting = new Map<string, Line>();
  const begun = new Set<string>();
  const ended = new Set<string>();
  const texts = new Map<string, Line>();
  const rows = [...reading.rows.values()].filter((row) => row.mission === mission).toSorted((a, b) => a.seq - b.seq);

  const place = (row: Row, command: string): void => {
    const known = waiting.get(command);
    waiting.delete(command);
    // One that was placed before this stream began is told without its text when it is told again.
    if (begun.has(command) || (!known && row.content === undefined)) return;
    begun.add(command);
    placed.push({ seq: row.seq, head: `message ${command}`, text: known?.text ?? row.content ?? '' });
    if (known && row.content !== known.text)
      placed.push({ seq: row.seq, head: `message ${command} is placed with another text`, text: row.content ?? '' });
  };
  const end = (row: Row, command: string, head: string, text: string): void => {
    if (ended.has(command)) return;
    ended.add(command);
    placed.push({ seq: row.seq, head, text });
  };
  for (const row of rows) {
    const { seq, event } = row;
    switch (event.type) {
      case 'message.kept':
        waiting.set(event.command, { seq, head: `message ${event.command}`, text: event.content });
        break;
      case 'message.edited': {
        const known = waiting.get(event.command);
        if (known) known.text = event.content;
        break;
      }
      case 'message.removed':
        waiting.delete(event.command);
        break;
      case 'message.placed':
      case 'turn.started':
        place(row, event.command);
        break;
      case 'part.opened': {
        if (byEnds && event.parent_call !== undefined) break;
        const line = { seq, head: 'thinking', text: reading.openText(event.part), isOpen: true };
        texts.set(event.part, line);
        if (!byEnds) placed.push(line);
        break;
      }
      case 'part.closed': {
        const line = texts.get(event.part);
        if (!line) break;
        line.text = event.text;
        line.isOpen = event.incomplete === true;
        // Each end is shown, with the text of its time: whoever is shown it later is shown more.
        if (byEnds) placed.push({ ...line, seq });
        break;
      }
      default:
        placed.push(...simple(seq, event));
        if (event.type === 'turn.ended') end(row, event.command, `answer ${event.turn}`, event.text);
        if (isUnanswered(event)) end(row, event.command, `answer ${assistantMessageId(event.command)}`, event.text);
    }
  }
  return { placed, waiting: [...waiting.values()] };
};

const isUnanswered = (event: LogEvent): event is Extract<LogEvent, { type: 'command.finished' | 'command.lost' }> =>
  event.type === 'command.lost' ||
  (event.type === 'command.finished' && event.of === undefined && event.outcome !== 'finished');

const simple = (seq: number, event: LogEvent): Line[] => {
  switch (event.type) {
    case 'tool.called':
      return [{ seq, head: `tool_call ${event.tool_call_id} ${event.name}`, text: json(event.args ?? {}) }];
    case 'tool.result':
      return [{ seq, head: `tool_result ${event.tool_call_id} ${event.name}`, text: json(event.result ?? null) }];
    case 'turn.error':
      return [{ seq, head: 'error', text: event.message }];
    // An answer of a person that did not reach the agent.
    case 'command.finished':
      return event.of === undefined || event.outcome === 'finished'
        ? []
        : [{ seq, head: 'error', text: `Failed to reply to ${event.of}: ${event.text}` }];
    case 'mission.status':
      return [{ seq, head: `status ${event.status}`, text: event.summary ?? '' }];
    default:
      return [];
  }
};

/** What the apps' stream has shown of a mission. */
export const appLines = (reading: Reading, mission: string): Lines => {
  const placed: Line[] = [];
  const waiting = new Map<string, Line>();
  for (const { seq, event } of reading.told) {
    const { name, data } = event;
    if (data.mission_id !== mission) continue;
    const text = String(data.content ?? '');
    if (name === 'user_message') {
      const known = waiting.get(String(data.id));
      const line = { seq: data.queued === true ? (known?.seq ?? seq) : seq, head: `message ${data.id}`, text };
      if (data.queued === true) waiting.set(String(data.id), line);
      else {
        waiting.delete(String(data.id));
        placed.push(line);
      }
    }
    if (name === 'thinking' && data.done === true) placed.push({ seq, head: 'thinking', text });
    if (name === 'tool_call')
      placed.push({ seq, head: `${name} ${data.tool_call_id} ${data.name}`, text: json(data.args) });
    if (name === 'tool_result')
      placed.push({ seq, head: `${name} ${data.tool_call_id} ${data.name}`, text: json(data.result) });
    if (name === 'error') placed.push({ seq, head: name, text: String(data.message) });
    if (name === 'mission_status_changed')
      placed.push({ seq, head: `status ${data.status}`, text: String(data.summary ?? '') });
    if (name === 'assistant_message') {
      const more = json([data.success, data.cost_cents, data.model, data.resumable === true]);
      placed.push({ seq, head: `answer ${data.id}`, text, more });
    }
  }
  return { placed, waiting: [...waiting.values()] };
};
