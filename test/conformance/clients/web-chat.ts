// What the web app shows of a mission: how each event changes the chat (contract §4.5), and how it is built anew
// (§6.3).
import type { WebStored } from './models.ts';

export type WebItem =
  | { kind: 'user'; id: string; content: string; queued: boolean }
  | {
      kind: 'assistant';
      content: string;
      success: boolean;
      model: string | null;
      costCents: number;
      isResumable: boolean;
    }
  | { kind: 'thinking'; content: string; done: boolean }
  | {
      kind: 'tool';
      id: string;
      name: string;
      args: unknown;
      result: unknown;
      state: 'pending' | 'done' | 'failed' | 'cancelled';
    }
  | { kind: 'phase'; text: string }
  | { kind: 'system'; message: string };

export type Data = Record<string, unknown>;

/** Ids of messages that were typed and are not yet confirmed. */
export const temporary = 'temp-';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The chat after an event that has passed the page's filter; anything but the kinds below leaves it as it is. */
export const afterEvent = (items: WebItem[], name: string, data: Data): WebItem[] => {
  switch (name) {
    case 'user_message':
      return afterUser(items, {
        kind: 'user',
        id: text(data.id),
        content: text(data.content),
        queued: data.queued === true,
      });
    case 'assistant_message': {
      const isFailed = data.success === false;
      const rest = items
        .filter((item) => item.kind !== 'phase' && !(item.kind === 'thinking' && !item.done))
        .map((item) => (isFailed ? settled(item, 'failed') : item));
      return [...rest, assistant(data, data.resumable === true)];
    }
    case 'thinking':
      return afterThinking(
        items.filter(({ kind }) => kind !== 'phase'),
        text(data.content),
        data.done === true,
      );
    case 'tool_call':
      return [...items, toolCard(text(data.tool_call_id), text(data.name), data.args)];
    case 'tool_result':
      return items.map((item) =>
        item.kind === 'tool' && item.id === data.tool_call_id ? { ...item, result: data.result, state: 'done' } : item,
      );
    case 'agent_phase':
      return [...items.filter(({ kind }) => kind !== 'phase'), { kind: 'phase', text: text(data.detail) }];
    case 'error':
      return [...items, { kind: 'system', message: text(data.message) }];
    case 'mission_status_changed':
      return data.status === 'active' ? items : items.map((item) => settled(item, 'cancelled'));
    default:
      return items;
  }
};

/** The chat from stored events; what a reload shows. Ids are made up, as the app does. */
export const fromStored = (events: WebStored[]): WebItem[] => {
  let items: WebItem[] = [];
  let open: { kind: 'thinking'; content: string; done: boolean } | null = null;
  for (const { id, event_type, tool_call_id, tool_name, content, metadata } of events) {
    if (event_type === 'thinking') {
      const block: { kind: 'thinking'; content: string; done: boolean } = open ?? {
        kind: 'thinking',
        content,
        done: false,
      };
      if (!open) items.push(block);
      block.content = content.length > block.content.length ? content : block.content;
      block.done = metadata.done === true;
      open = block.done ? null : block;
      continue;
    }
    if (event_type === 'tool_result') {
      items = items.map((item) =>
        item.kind === 'tool' && item.id === tool_call_id
          ? { ...item, result: jsonOr(content), state: 'done' as const }
          : item,
      );
      continue;
    }
    if (!['user_message', 'assistant_message', 'tool_call'].includes(event_type)) continue;
    if (open) open.done = true;
    open = null;
    if (event_type === 'user_message') items.push({ kind: 'user', id: `event-${id}`, content, queued: false });
    if (event_type === 'tool_call') items.push(toolCard(tool_call_id ?? '', tool_name ?? '', jsonOr(content)));
    if (event_type === 'assistant_message') {
      if (metadata.success === false) items = items.map((item) => settled(item, 'failed'));
      items.push(assistant({ ...metadata, content }, false));
    }
  }
  return items;
};

/** The chat from a mission's history: what the page shows right after `load`, and when events fail. */
export const fromHistory = (history: { role: string; content: string }[]): WebItem[] =>
  history.map(({ role, content }, n) =>
    role === 'user'
      ? { kind: 'user', id: `history-${n}`, content, queued: false }
      : { kind: 'assistant', content, success: true, model: null, costCents: 0, isResumable: false },
  );

const afterUser = (items: WebItem[], message: Extract<WebItem, { kind: 'user' }>): WebItem[] => {
  const known = items.findIndex((item) => item.kind === 'user' && item.id === message.id);
  const optimistic = items.findIndex(
    (item) => item.kind === 'user' && item.id.startsWith(temporary) && item.content === message.content,
  );
  const at = known >= 0 ? known : optimistic;
  return at >= 0 ? items.with(at, message) : [...items, message];
};

const afterThinking = (items: WebItem[], content: string, done: boolean): WebItem[] => {
  const at = items.findLastIndex((item) => item.kind === 'thinking' && !item.done);
  const block = items[at];
  if (block?.kind !== 'thinking') return content === '' ? items : [...items, { kind: 'thinking', content, done }];
  const isSame = block.content.startsWith(content) || content.startsWith(block.content);
  if (isSame || done) return items.with(at, { ...block, content: content === '' ? block.content : content, done });
  return [...items.with(at, { ...block, done: true }), { kind: 'thinking', content, done }];
};

const assistant = (data: Data, isResumable: boolean): WebItem => ({
  kind: 'assistant',
  content: text(data.content),
  success: data.success !== false,
  model: typeof data.model === 'string' ? data.model : null,
  costCents: typeof data.cost_cents === 'number' ? data.cost_cents : 0,
  isResumable,
});

const toolCard = (id: string, name: string, args: unknown): WebItem => ({
  kind: 'tool',
  id,
  name,
  args,
  result: undefined,
  state: 'pending',
});

const settled = (item: WebItem, state: 'failed' | 'cancelled'): WebItem =>
  item.kind === 'tool' && item.state === 'pending' ? { ...item, state } : item;

const jsonOr = (content: string): unknown => {
  try {
    return JSON.parse(content);
  } catch {
    // The app shows the raw text then.
    return content;
  }
};
