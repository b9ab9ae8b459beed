import { assertNever } from '../../../shared/errors.ts';
import type { ToolPart } from '../../opencode/api/events.ts';
import { type AssistantView, costOfCall, type Made, type PartView, type Translation } from './translation.ts';

type ToolView = Extract<PartView, { kind: 'tool' }>;
type ResultMetadata = Extract<ToolPart['state'], { status: 'completed' }>['metadata'];

/**
 * A tool part: one call when it first runs, exactly one result (contract §4.2). Its growing output in between is not
 * stored.
 */
export const translateTool = (state: Translation, assistant: AssistantView, part: ToolPart): Made[] => {
  const known = state.parts.get(part.id);
  if (known && (known.kind !== 'tool' || known.done)) return [];
  const { id, tool: name, callID } = part;
  const view: ToolView = known ?? { kind: 'tool', id, assistant, called: false, done: false, name, callID };
  state.parts.set(part.id, view);
  assistant.content.add('tool');
  const tool = part.state;
  switch (tool.status) {
    case 'pending':
      return [];
    case 'running':
      return call(state, view, part, tool.input);
    case 'completed': {
      // What a cancelled command had printed is no result of it.
      const isCancelled = tool.metadata?.cancelled === true;
      const value = isCancelled ? { error: tool.output } : tool.output;
      return [...call(state, view, part, tool.input), result(state, view, value, isCancelled, tool.metadata)];
    }
    case 'error':
      return [...call(state, view, part, tool.input), result(state, view, { error: tool.error }, true, tool.metadata)];
    default:
      return assertNever(tool);
  }
};

const call = (state: Translation, view: ToolView, part: ToolPart, args: unknown): Made[] => {
  if (view.called) return [];
  view.called = true;
  // A call of a tool that does not exist has become `invalid` by now; what is shown keeps one name.
  view.name = part.tool;
  const parent = state.sessions.get(view.assistant.session)?.call;
  return [
    {
      kind: 'event',
      event: {
        type: 'tool.called',
        turn: view.assistant.turn,
        tool_call_id: part.id,
        name: part.tool,
        args: args ?? {},
        ...(parent === undefined ? {} : { parent_call: parent }),
      },
    },
  ];
};

const result = (
  state: Translation,
  view: ToolView,
  value: unknown,
  failed: boolean,
  { sessionId: child, outputPath: where, view: seen }: Exclude<ResultMetadata, undefined> = {},
): Made => {
  view.done = true;
  return {
    kind: 'event',
    event: {
      type: 'tool.result',
      tool_call_id: view.id,
      name: view.name,
      result: value,
      failed,
      ...(seen === undefined ? {} : { view: seen }),
      ...(child === undefined ? {} : { cost_usd: costOfCall(state, view.id) }),
    },
    ...(where === undefined ? {} : { where }),
  };
};
