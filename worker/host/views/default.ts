import type { LogEvent, Outcome } from '../../../shared/events.ts';
import { assistantMessageId } from '../../../shared/ids.ts';
import { endsNoMessage, type LogRow } from '../log/log.ts';
import { progressOf } from '../missions/todos.ts';
import { startsSubAgent } from '../missions/tree.ts';
import { agentTree, subAgentText, thinking } from './agents.ts';
import { answerEnded, askedShown, endedShown } from './asks.ts';
import type { ShownEvent } from './shown-event.ts';
import type { Texts } from './texts.ts';

/**
 * A log row as the existing web and iOS apps expect it (contract §4.2, §4.3). `status` is not among them: the Worker
 * writes those. Checkpoints are shown by the throttled `thinking` of open parts instead.
 */
export const renderDefault = (row: LogRow, texts: Texts): ShownEvent[] => {
  const { event } = row;
  if ('unknown' in event || row.mission === null) return [];
  return eventsOf(row, event, texts).map(({ name, data }) => ({
    name,
    data: { type: name, ...data, mission_id: row.mission },
  }));
};

const eventsOf = (row: LogRow, event: LogEvent, texts: Texts): ShownEvent[] => {
  switch (event.type) {
    case 'message.kept':
      // One that starts at once is announced by its turn, so that `status` running comes first (contract §4.3).
      return event.queued && !texts.wasRemoved(event.command)
        ? [userMessage(event.command, texts.message(event.command), true)]
        : [];
    case 'message.edited':
      return texts.wasRemoved(event.command) ? [] : [userMessage(event.command, texts.message(event.command), true)];
    case 'message.placed':
      return [userMessage(event.command, texts.message(event.command), false)];
    case 'turn.started':
      // Told again, or after its end: what it starts was shown.
      if (row.sequence === null) return [];
      return [
        userMessage(event.command, texts.message(event.command), false),
        ...agentTree(row, event.turn, texts),
        {
          name: 'agent_phase',
          data: { phase: 'executing', detail: 'Delegating to OpenCode server', agent: 'OpenCodeAgent' },
        },
      ];
    case 'part.closed':
      return texts.isSubAgents(event.part) ? subAgentText(row, event.part, texts) : [thinking(event.part, true, texts)];
    case 'tool.called':
      return [
        { name: 'tool_call', data: { tool_call_id: event.tool_call_id, name: event.name, args: event.args ?? {} } },
        ...(startsSubAgent(event.name) ? agentTree(row, event.turn, texts) : []),
      ];
    case 'tool.result':
      return [
        {
          name: 'tool_result',
          data: { tool_call_id: event.tool_call_id, name: event.name, result: event.result ?? null },
        },
        ...(startsSubAgent(event.name) ? agentTree(row, null, texts) : []),
      ];
    case 'turn.todos': {
      const { current_depth: depth, ...progress } = progressOf(event.todos);
      return [{ name: 'progress', data: { ...progress, depth } }];
    }
    case 'request.asked':
      return askedShown(event);
    case 'request.ended':
      return endedShown(event);
    case 'turn.error':
      return [{ name: 'error', data: { message: event.message, resumable: true } }];
    case 'mission.status':
      return [{ name: 'mission_status_changed', data: { status: event.status, summary: event.summary } }];
    case 'turn.ended':
      if (row.sequence === null) return [];
      return [
        ...agentTree(row, event.turn, texts),
        {
          name: 'assistant_message',
          data: {
            id: event.turn,
            content: texts.assistantMessage(event),
            success: event.outcome === 'completed',
            cost_cents: Math.round(event.usage.cost_usd * 100),
            model: event.model,
            ...(isEndResumable(event.outcome) ? { resumable: true } : {}),
          },
        },
      ];
    case 'command.finished':
    case 'command.lost':
      if (event.type === 'command.finished' && endsNoMessage(event)) return answerEnded(event);
      if (row.sequence === null) return [];
      return [{ name: 'assistant_message', data: endWithoutTurn(event.command, event.text) }];
    default:
      return [];
  }
};

const userMessage = (id: string, content: string, queued: boolean): ShownEvent => ({
  name: 'user_message',
  data: { id, content, queued },
});

/**
 * The assistant message for a message that ended without a turn, so that the apps see an end. Its id is derived from
 * the command, since there is no turn whose id it could have.
 */
export const endWithoutTurn = (command: string, text: string): Record<string, unknown> => ({
  id: assistantMessageId(command),
  content: text,
  success: false,
  cost_cents: 0,
  model: null,
  resumable: true,
});

/** Matches what the end does to the mission's status: cancelled and interrupted missions can be resumed. */
export const isEndResumable = (outcome: Outcome): boolean => outcome === 'cancelled' || outcome === 'interrupted';
