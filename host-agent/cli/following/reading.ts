/** From the events of a mission's stream to what is told about it. */
import { assertNever } from '../../../shared/errors.ts';
import { type Outcome, outcomeOf } from '../../../shared/events.ts';
import { growingTexts, type Piece } from './growing.ts';
import type { Line } from './lines.ts';
import type { Read } from './shapes.ts';

/** Which part of the mission is read: the turn of one message, or all that happens. */
export interface Scope {
  mission: string;
  message: string | null;
}

export type End = Extract<Line, { type: 'end' }>;

/** What one event says. */
export interface Told {
  lines: Line[];
  /** Nothing of the mission runs or waits; null where the event does not say. */
  isIdle: boolean | null;
}

/**
 * Reads events in order, whatever connection they came on. An event of another mission, or of a turn that is not asked
 * for, tells nothing. The end of the message that is read is an `end` line.
 */
export const newReading = (scope: Scope) => {
  const texts = growingTexts();
  const kinds = new Map<string, { kind: 'text' | 'reasoning'; parent_call?: string }>();
  /**
   * Tool calls, questions and permissions that were told, so that their ends are too, and nothing is told again; of a
   * call also how far it has printed.
   */
  const calls = new Map<string, number>();
  const asks = new Set<string>();
  let turn: string | null = null;
  let isAnyTurn = scope.message === null;
  let isAtPresent = false;

  const isOurs = (id: string): boolean => isAnyTurn || id === turn;
  const isOurMessage = (id: string): boolean => scope.message === null || id === scope.message;

  const grown = (part: string, piece: Piece | null): Line[] => {
    const known = kinds.get(part);
    return piece && known ? [{ type: 'text', ...known, part, ...piece }] : [];
  };

  const open = ({ part, turn: id, kind, parent_call }: Extract<Read, { type: 'part.opened' }>): void => {
    if (isOurs(id)) kinds.set(part, { kind, ...(parent_call === undefined ? {} : { parent_call }) });
  };

  /** What a call printed, as far as it was not told. */
  const printed = ({ tool_call_id: id, off, text }: Omit<Extract<Read, { type: 'output' }>, 'type'>): Line[] => {
    const end = calls.get(id);
    if (end === undefined || off + text.length <= end) return [];
    calls.set(id, off + text.length);
    const from = Math.max(off, end);
    return [{ type: 'output', id, off: from, text: text.slice(from - off) }];
  };

  const asked = (
    id: string,
    { kind, body }: Pick<Extract<Read, { type: 'request.asked' }>, 'kind' | 'body'>,
  ): Line[] => {
    // A mission works on one message at a time, so what it asks is of the turn that runs.
    if (asks.has(id) || (!isAnyTurn && turn === null)) return [];
    asks.add(id);
    return [{ type: 'request', id, kind, body }];
  };

  /** The call may have begun before anybody read. */
  const joined = (output: Omit<Extract<Read, { type: 'output' }>, 'type'>): Line[] => {
    if (isAnyTurn && !calls.has(output.tool_call_id)) calls.set(output.tool_call_id, 0);
    return printed(output);
  };

  const lines = (event: Read): Line[] => {
    switch (event.type) {
      case 'connected':
      case 'status':
        return [];
      case 'reset':
        // The server's history was replaced: what is there now is told, of whatever turn.
        isAnyTurn = true;
        return [];
      case 'snapshot':
        for (const part of event.parts) if (part.mission_id === scope.mission) open({ ...part, type: 'part.opened' });
        return [
          ...event.parts.flatMap(({ part, text }) => grown(part, kinds.has(part) ? texts.add(part, 0, text) : null)),
          ...event.outputs.filter(({ mission_id }) => mission_id === scope.mission).flatMap(joined),
          ...event.requests
            .filter(({ mission_id }) => mission_id === scope.mission)
            .flatMap((ask) => asked(ask.id, ask)),
        ];
      case 'delta':
        return kinds.has(event.part) ? grown(event.part, texts.add(event.part, event.off, event.text)) : [];
      case 'output':
        return printed(event);
      case 'part.opened':
        open(event);
        return [];
      case 'part.checkpoint': {
        const { part, off, text, replace } = event;
        if (!kinds.has(part)) return [];
        return grown(part, replace ? texts.replace(part, off, text) : texts.add(part, off, text));
      }
      case 'part.closed': {
        if (!kinds.has(event.part)) return [];
        const last = grown(event.part, texts.replace(event.part, 0, event.text));
        return [...last, { type: 'text_end', part: event.part }];
      }
      case 'message.kept':
        if (scope.message !== null) return [];
        return [{ type: 'message', id: event.command, content: event.content, queued: event.queued }];
      case 'message.edited':
        return scope.message === null || scope.message === event.command
          ? [{ type: 'message', id: event.command, content: event.content, queued: true }]
          : [];
      case 'turn.started':
        if (!isOurMessage(event.command)) return [];
        turn = event.turn;
        return [{ type: 'turn', id: turn, message_id: event.command, agent: event.agent, model: event.model }];
      case 'tool.called': {
        const { turn: id, tool_call_id, name, args, parent_call } = event;
        if (!isOurs(id) || calls.has(tool_call_id)) return [];
        calls.set(tool_call_id, 0);
        return [{ type: 'tool', id: tool_call_id, name, args, ...(parent_call === undefined ? {} : { parent_call }) }];
      }
      case 'tool.result': {
        const { tool_call_id, name, result, failed } = event;
        return calls.delete(tool_call_id) ? [{ type: 'tool_result', id: tool_call_id, name, result, failed }] : [];
      }
      case 'request.asked':
        return asked(event.request, event);
      case 'request.ended':
        if (!asks.has(event.request)) return [];
        return [{ type: 'request_end', id: event.request, outcome: event.outcome }];
      case 'turn.error':
        return isOurs(event.turn) ? [{ type: 'error', message: event.message }] : [];
      case 'mission.status':
        if (!isAnyTurn && turn === null) return [];
        return [{ type: 'status', status: event.status, summary: event.summary }];
      case 'turn.ended': {
        if (!isOurMessage(event.command)) return [];
        const { command, text, model, usage } = event;
        return [{ type: 'end', message_id: command, outcome: outcomeOf(event), text, model, cost_usd: usage.cost_usd }];
      }
      case 'command.finished':
        if (event.of !== undefined || !isOurMessage(event.command)) return [];
        return [unanswered(event.command, finishedAs[event.outcome], event.text)];
      case 'command.lost':
        return isOurMessage(event.command) ? [unanswered(event.command, 'interrupted', event.text)] : [];
      case 'message.removed':
        return isOurMessage(event.command)
          ? [unanswered(event.command, 'cancelled', 'The message was taken out of the queue.')]
          : [];
      case 'mission.deleted':
        return [unanswered(scope.message, 'cancelled', 'The mission was deleted.')];
      default:
        return assertNever(event);
    }
  };

  const isIdle = (event: Read): boolean | null => {
    switch (event.type) {
      case 'connected':
        isAtPresent = false;
        return null;
      case 'snapshot':
        isAtPresent = true;
        return !event.running.some(({ mission_id }) => mission_id === scope.mission);
      case 'mission.deleted':
        return true;
      case 'status':
        // Before the snapshot it tells the present of a past that is still being read.
        if (!isAtPresent || event.mission_id !== scope.mission) return null;
        return event.state === 'idle' && event.queue_len === 0;
      default:
        return null;
    }
  };

  return {
    /** What an event tells; one of another mission nothing. */
    take: (event: Read): Told => {
      const isElsewhere =
        'mission_id' in event && typeof event.mission_id === 'string' && event.mission_id !== scope.mission;
      return isElsewhere ? { lines: [], isIdle: null } : { lines: lines(event), isIdle: isIdle(event) };
    },
  };
};

export type Reading = ReturnType<typeof newReading>;

const finishedAs = {
  finished: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  expired: 'interrupted',
} as const satisfies Record<string, Outcome>;

const unanswered = (message: string | null, outcome: Outcome, text: string): End => ({
  type: 'end',
  message_id: message,
  outcome,
  text,
  model: null,
  cost_usd: null,
});
