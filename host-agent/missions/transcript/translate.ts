import type { CommandId } from '../../../shared/ids.ts';
import type { AssistantMessage, Durable, Message, StepFinish, TextPart } from '../../opencode/api/events.ts';
import { startedSession } from '../../opencode/api/history.ts';
import { errorText, isAbort } from './error-text.ts';
import { countStep, isFinal, seriesOf } from './step.ts';
import { fruitlessText } from './step-text.ts';
import { translateTool } from './translate-tool.ts';
import {
  type AssistantView,
  type Content,
  closingParts,
  type Made,
  type PartView,
  type Series,
  type Translation,
  usageOf,
} from './translation.ts';

/**
 * Translates one durable event of OpenCode. In: what is known so far, which is brought up to date, and the event; the
 * events of one session have to come in order. Out: what it adds to the log, often nothing. No clock, no randomness, no
 * I/O: a replay of the history gives the same (protocol §3).
 */
export const translate = (state: Translation, row: Durable): Made[] => {
  const { fact } = row;
  switch (fact.kind) {
    case 'session':
    case 'other':
      return [];
    case 'message':
      return translateMessage(state, row.session, fact.message);
    case 'part': {
      const assistant = state.assistantMessages.get(fact.part.messageID);
      if (!assistant) return []; // A user's part, or one of a turn that is not ours.
      const child = startedSession(row);
      // A mission is no sub-agent of its own, whatever a plug-in's tool says.
      if (child && child !== state.root) state.sessions.set(child, { turn: assistant.turn, call: fact.part.id });
      switch (fact.part.type) {
        case 'text':
        case 'reasoning':
          return translateText(state, assistant, fact.part);
        case 'tool':
          return translateTool(state, assistant, fact.part);
        case 'step-finish':
          return translateCost(state, assistant, fact.part);
        case 'step-start':
          // A broken stream is tried again with new parts in the same message; the old ones never end (opencode §8.1).
          return leaveOpenTexts(state, assistant);
      }
    }
  }
};

const translateMessage = (state: Translation, session: string, message: Message): Made[] => {
  if (message.role === 'assistant') return translateAnswer(state, session, message);
  if (session !== state.root || state.stored.includes(message.id)) return [];
  state.stored.push(message.id);
  const prompt = state.prompts.get(message.id);
  if (!prompt) return [];
  state.sessions.set(session, { turn: prompt.turn, call: undefined });
  return [{ kind: 'event', event: { type: 'turn.accepted', command: prompt.command, turn: prompt.turn } }];
};

const translateAnswer = (state: Translation, session: string, message: AssistantMessage): Made[] => {
  const known = state.assistantMessages.get(message.id);
  // OpenCode puts messages of its own between (a compaction); what the agent says to them belongs to the turn too.
  const turn = known?.turn ?? state.prompts.get(message.parentID)?.turn ?? state.sessions.get(session)?.turn;
  if (!turn) return [];
  if (!known && isRepetition(state, message)) {
    state.repeating.add(turn);
    return [];
  }
  const assistant: AssistantView = known ?? {
    session,
    turn,
    last: message,
    content: new Set(),
    hasEnd: false,
    counted: false,
  };
  assistant.last = message;
  state.assistantMessages.set(message.id, assistant);

  const made: Made[] = [];
  if (message.time.completed !== undefined) made.push(...leaveOpenTexts(state, assistant));
  if (message.error && !isAbort(message.error) && !state.errorsSaid.has(message.id)) {
    state.errorsSaid.add(message.id);
    made.push({ kind: 'event', event: { type: 'turn.error', turn, message: errorText(message.error) } });
  }
  const fruitless = countStep(state, assistant);
  if (fruitless) {
    const text = fruitlessText(fruitless, state.sessions.get(session)?.call !== undefined);
    made.push({ kind: 'event', event: { type: 'turn.error', turn, message: text } });
  }
  return made;
};

/**
 * OpenCode sorts messages by the time of their making. When its clock was set back, its newest message is not its last,
 * and it asks the model for the last step again and again (measured with faketime). One prompt has one final message. A
 * step with a tool call is not final, even if its `finish` is `stop`: OpenCode brings the result in the next.
 */
const isRepetition = (state: Translation, { parentID }: AssistantMessage): boolean =>
  [...state.assistantMessages.values()].some((assistant) => assistant.last.parentID === parentID && isFinal(assistant));

const translateText = (state: Translation, assistant: AssistantView, part: TextPart): Made[] => {
  if (part.synthetic) return [];
  const made: Made[] = [];
  let view = state.parts.get(part.id);
  const ended = part.time?.end !== undefined;
  if (!view) {
    if (ended && part.text === '') return [];
    view = { kind: part.type, id: part.id, assistant, state: 'open', hasText: false };
    state.parts.set(part.id, view);
    made.push({ kind: 'event', event: opened(state, view) });
  }
  if (view.kind === 'tool' || view.state === 'closed') return made;
  if (part.text.trim() !== '') {
    view.hasText = true;
    assistant.content.add(part.type);
  }
  if (!ended) return made;
  view.state = 'closed';
  return [...made, { kind: 'close', part: part.id, text: part.text }];
};

const opened = (state: Translation, part: Extract<PartView, { kind: 'text' | 'reasoning' }>) => {
  const call = state.sessions.get(part.assistant.session)?.call;
  return {
    type: 'part.opened' as const,
    turn: part.assistant.turn,
    part: part.id,
    kind: part.kind,
    ...(call === undefined ? {} : { parent_call: call }),
  };
};

const leaveOpenTexts = (state: Translation, assistant: AssistantView): Made[] => {
  const made: Made[] = [];
  for (const part of state.parts.values()) {
    if (part.kind === 'tool' || part.assistant !== assistant || part.state !== 'open') continue;
    part.state = 'left';
    made.push({ kind: 'close', part: part.id, text: null });
  }
  return made;
};

const translateCost = (state: Translation, assistant: AssistantView, part: StepFinish): Made[] => {
  assistant.hasEnd = true;
  if (state.steps.has(part.id)) return [];
  const { input, output, reasoning, cache } = part.tokens;
  const usage = { cost_usd: part.cost, input, output, reasoning, cache_read: cache.read, cache_write: cache.write };
  state.steps.set(part.id, { turn: assistant.turn, call: state.sessions.get(assistant.session)?.call, usage });
  return [{ kind: 'event', event: { type: 'turn.cost', turn: assistant.turn, usage: usageOf(state, assistant.turn) } }];
};

/** The part a delta belongs to, or null when that part is not shown. */
export const partOfDelta = (state: Translation, part: string): string | null => {
  const view = state.parts.get(part);
  return view && view.kind !== 'tool' && view.state === 'open' ? part : null;
};

/** How far OpenCode came with one of our messages, as stored (opencode §8.4). */
export interface Progress {
  /** OpenCode has the message. */
  stored: boolean;
  /** A later user message is there. */
  newer: boolean;
  /** The last assistant message in the mission's own session; null while there is none. */
  last: AssistantMessage | null;
  /** What `last` brought. */
  content: ReadonlySet<Content>;
  /** No step of the turn has brought anything. */
  isBare: boolean;
  /** The turn has a text that is its assistant message. */
  hasAnswer: boolean;
  /** Steps at its end that brought nothing, of the session of the tree that has most; null when there are none. */
  fruitless: { series: Series; isSubAgents: boolean } | null;
  /** The agent was done with it, and OpenCode goes on repeating the end. */
  repeating: boolean;
}

export const progressOf = (state: Translation, messageID: string, command: CommandId): Progress => {
  const place = state.stored.indexOf(messageID);
  const turn = [...state.prompts.values()].find((prompt) => prompt.command === command)?.turn;
  const series = turn === undefined ? null : seriesOf(state, turn);
  const messages = [...state.assistantMessages.values()].filter(
    (each) => each.turn === turn && each.session === state.root,
  );
  return {
    stored: place >= 0,
    newer: place >= 0 && place < state.stored.length - 1,
    last: messages.at(-1)?.last ?? null,
    content: messages.at(-1)?.content ?? new Set(),
    isBare: messages.every(({ content }) => content.size === 0),
    hasAnswer: turn !== undefined && closingParts(state, turn).length > 0,
    fruitless: series && { series, isSubAgents: state.sessions.get(series.session)?.call !== undefined },
    repeating: turn !== undefined && state.repeating.has(turn),
  };
};
