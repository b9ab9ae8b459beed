import type { HostEvent, Usage } from '../../../shared/events.ts';
import { noUsage } from '../../../shared/events.ts';
import type { CommandId, TurnId } from '../../../shared/ids.ts';
import { maxUsd } from '../../../shared/limits.ts';
import type { AssistantMessage } from '../../opencode/api/events.ts';
import { isAbort } from './error-text.ts';

/** One of our prompts: which turn the assistant messages that follow it belong to. */
export interface TurnOfPrompt {
  command: CommandId;
  turn: TurnId;
}

/** A session of the mission's tree. `call` is the tool call that started it, for a sub-agent's. */
export interface SessionView {
  turn: TurnId | null;
  call: string | undefined;
}

/** What a step (what the model says to one call) brought. Blank text does not count. */
export type Content = 'text' | 'reasoning' | 'tool';

/** A message of an agent. `last` is its newest version. */
export interface AssistantView {
  session: string;
  turn: TurnId;
  last: AssistantMessage;
  content: Set<Content>;
  /** The end of its step was told (`step-finish`), which comes behind all that the step brought. */
  hasEnd: boolean;
  /** It is complete, and was counted as a step. */
  counted: boolean;
}

/** Consecutive steps of one session that brought nothing (step.ts). */
export interface Series {
  session: string;
  /** Of the turn that the steps belong to. */
  turn: TurnId;
  count: number;
  /** Kinds of content that came in the series. */
  content: Set<Content>;
  last: AssistantMessage;
  /** A person was told of a fruitless step of this session in this turn. */
  told: boolean;
}

export type PartView =
  /** `left`: its message went on without it (a broken stream was tried again); a late end still counts. */
  | {
      kind: 'text' | 'reasoning';
      id: string;
      assistant: AssistantView;
      state: 'open' | 'left' | 'closed';
      hasText: boolean;
    }
  | {
      kind: 'tool';
      id: string;
      assistant: AssistantView;
      called: boolean;
      done: boolean;
      name: string;
      callID: string | undefined;
    };

/**
 * What one durable event of OpenCode becomes. The end of a text is turned into rows later (text.ts), because that
 * depends on how much of the text was already sent.
 */
export type Made =
  | { kind: 'event'; event: HostEvent; where?: string }
  /** `text` is null when OpenCode stores no final text for this part: then what was streamed is the text. */
  | { kind: 'close'; part: string; text: string | null };

/**
 * What we know of a mission's sessions from OpenCode's durable events. It is a function of those events and `prompts`
 * alone: read again from seq 0 it is the same.
 */
export interface Translation {
  readonly root: string;
  /** By OpenCode's message id; an entry is put in before the prompt is sent. */
  readonly prompts: Map<string, TurnOfPrompt>;
  /** User messages of the root session that OpenCode has stored, ours and its own, in order. */
  readonly stored: string[];
  readonly sessions: Map<string, SessionView>;
  /** In order of their first appearance. */
  readonly assistantMessages: Map<string, AssistantView>;
  readonly parts: Map<string, PartView>;
  /** `call`: the one that started the sub-agent which made the step. */
  readonly steps: Map<string, { turn: TurnId; call: string | undefined; usage: Usage }>;
  readonly errorsSaid: Set<string>;
  /** Of each session, the steps at its end that brought nothing. */
  readonly series: Map<string, Series>;
  /** Turns whose last message OpenCode began anew, which it would do for ever: its clock was set back. */
  readonly repeating: Set<TurnId>;
}

export const newTranslation = (root: string, prompts: Iterable<[string, TurnOfPrompt]> = []): Translation => ({
  root,
  prompts: new Map(prompts),
  stored: [],
  sessions: new Map([[root, { turn: null, call: undefined }]]),
  assistantMessages: new Map(),
  parts: new Map(),
  steps: new Map(),
  errorsSaid: new Set(),
  series: new Map(),
  repeating: new Set(),
});

/** The most that an event can say: a sum beyond it stays there. */
const mostOf = (key: keyof Usage): number => (key === 'cost_usd' ? maxUsd : Number.MAX_SAFE_INTEGER);

/** Cost and tokens of a turn so far, sub-agents included. */
export const usageOf = (state: Translation, turn: TurnId): Usage => {
  const sum = { ...noUsage };
  for (const step of state.steps.values()) {
    if (step.turn !== turn) continue;
    // noUsage has exactly these keys
    for (const key of Object.keys(noUsage) as (keyof Usage)[])
      sum[key] = Math.min(sum[key] + step.usage[key], mostOf(key));
  }
  return sum;
};

/** Levels of sub-agents that are looked at; OpenCode allows none by default below the first. */
const maxDepth = 20;

/** What the sub-agent of a call cost, and those that it started itself, in dollars. */
export const costOfCall = (state: Translation, call: string): number => {
  let sum = 0;
  for (const step of state.steps.values()) {
    let at = step.call;
    for (let depth = 0; depth < maxDepth && at !== undefined && at !== call; depth++) at = parentCall(state, at);
    if (at === call) sum = Math.min(sum + step.usage.cost_usd, maxUsd);
  }
  return sum;
};

const parentCall = (state: Translation, call: string): string | undefined => {
  const part = state.parts.get(call);
  return part && state.sessions.get(part.assistant.session)?.call;
};

/** The assistant messages of a turn in the mission's own session, in order. */
export const rootMessages = (state: Translation, turn: TurnId): [string, AssistantView][] =>
  [...state.assistantMessages].filter(([, assistant]) => assistant.turn === turn && assistant.session === state.root);

/**
 * Texts that are the assistant message of a turn: those of OpenCode's last message that has any. One that was broken
 * off by an abort is none.
 */
export const closingParts = (state: Translation, turn: TurnId): string[] => {
  for (const [, assistant] of rootMessages(state, turn).reverse()) {
    if (assistant.last.error && isAbort(assistant.last.error)) continue;
    const texts = [...state.parts.values()].filter(
      (part) => part.kind === 'text' && part.assistant === assistant && part.hasText,
    );
    if (texts.length > 0) return texts.map((part) => part.id);
  }
  return [];
};

/** What a turn has to show at its end. `model` as `provider/model`. */
export interface ShownAtEnd {
  answer: string[];
  usage: Usage;
  model: string | null;
}

export const shownAtEnd = (state: Translation, turn: TurnId): ShownAtEnd => {
  const last = rootMessages(state, turn).at(-1)?.[1].last;
  return {
    answer: closingParts(state, turn),
    usage: usageOf(state, turn),
    model: last ? `${last.providerID}/${last.modelID}` : null,
  };
};

/** Texts of a turn that have not ended. */
export const openTexts = (state: Translation, turn?: TurnId): string[] =>
  [...state.parts.values()]
    .filter(
      (part) => part.kind !== 'tool' && part.state === 'open' && (turn === undefined || part.assistant.turn === turn),
    )
    .map((part) => part.id);

/**
 * The part of a call, by OpenCode's message and the provider's id, which names one there at most; null before it runs.
 */
export const calledPart = (
  state: Translation,
  messageID: string,
  callID: string,
): Extract<PartView, { kind: 'tool' }> | null => {
  const assistant = state.assistantMessages.get(messageID);
  for (const view of assistant ? state.parts.values() : [])
    if (view.kind === 'tool' && view.assistant === assistant && view.callID === callID && view.called) return view;
  return null;
};

/** Drops what is known of a turn that has ended; its late events then add nothing. */
export const forgetTurn = (state: Translation, turn: TurnId): void => {
  for (const [id, prompt] of state.prompts) if (prompt.turn === turn) state.prompts.delete(id);
  for (const [id, part] of state.parts) if (part.assistant.turn === turn) state.parts.delete(id);
  for (const [id, assistant] of state.assistantMessages)
    if (assistant.turn === turn) state.assistantMessages.delete(id);
  for (const [id, step] of state.steps) if (step.turn === turn) state.steps.delete(id);
  for (const [id, { turn: of }] of state.series) if (of === turn) state.series.delete(id);
  state.repeating.delete(turn);
  for (const view of state.sessions.values()) if (view.turn === turn) view.turn = null;
};
