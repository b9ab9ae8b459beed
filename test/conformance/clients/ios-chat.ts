// What the iOS app shows of a mission (contract §4.6). There is no other source than the history and the stream.

export type IosItem =
  | { kind: 'user'; id: string; content: string }
  | { kind: 'assistant'; id: string; content: string; success: boolean }
  | { kind: 'thinking'; content: string; done: boolean }
  | { kind: 'phase'; text: string }
  | { kind: 'progress'; total: number; completed: number }
  | { kind: 'ui'; name: string; args: object }
  | { kind: 'error'; message: string };

type Data = Record<string, unknown>;

/** Tools whose calls it draws, and only with an object of arguments (contract §4.2). */
const drawn = new Set([
  'ui_dataTable',
  'ui_optionList',
  'ui_progress',
  'ui_alert',
  'ui_notification',
  'ui_codeBlock',
  'ui_code',
]);

const isInt = (value: unknown): boolean => value === undefined || Number.isInteger(value);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The chat after an event that has passed the screen's filter. */
export const afterIosEvent = (items: IosItem[], name: string, data: Data): IosItem[] => {
  switch (name) {
    case 'user_message':
      return afterUser(items, text(data.id), text(data.content));
    case 'assistant_message': {
      // It needs these two, and whole numbers where there are numbers; else nothing is shown.
      if (typeof data.content !== 'string' || typeof data.id !== 'string' || !isInt(data.cost_cents)) return items;
      const rest = items.filter((item) => item.kind !== 'phase' && !(item.kind === 'thinking' && !item.done));
      return [...rest, { kind: 'assistant', id: data.id, content: data.content, success: data.success !== false }];
    }
    case 'thinking': {
      const rest = items.filter(({ kind }) => kind !== 'phase');
      const at = rest.findLastIndex((item) => item.kind === 'thinking' && !item.done);
      const block = { kind: 'thinking' as const, content: text(data.content), done: data.done === true };
      // Also when empty: an empty closing event blanks the block.
      if (at >= 0) return rest.with(at, block);
      return block.done ? rest : [...rest, block];
    }
    case 'agent_phase':
      return [...items.filter(({ kind }) => kind !== 'phase'), { kind: 'phase', text: text(data.detail) }];
    case 'progress': {
      const total = Number(data.total_subtasks);
      const rest = items.filter(({ kind }) => kind !== 'progress');
      return total > 0 ? [...rest, { kind: 'progress', total, completed: Number(data.completed_subtasks) }] : items;
    }
    case 'tool_call': {
      const { name: tool, args } = data;
      if (typeof tool !== 'string' || !drawn.has(tool) || typeof args !== 'object' || args === null) return items;
      return [...items, { kind: 'ui', name: tool, args }];
    }
    case 'error':
      return [...items, { kind: 'error', message: text(data.message) }];
    default:
      return items;
  }
};

export const fromIosHistory = (history: { role: string; content: string }[]): IosItem[] =>
  history.map(({ role, content }, n) =>
    role === 'user'
      ? { kind: 'user', id: `history-${n}`, content }
      : { kind: 'assistant', id: `history-${n}`, content, success: true },
  );

/** Known by its id, else by a typed message of the same content, else new; whether it waits is not looked at. */
const afterUser = (items: IosItem[], id: string, content: string): IosItem[] => {
  const known = items.findIndex((item) => item.kind === 'user' && item.id === id);
  if (known >= 0) return items;
  const typed = items.findIndex(
    (item) => item.kind === 'user' && item.id.startsWith('temp-') && item.content === content,
  );
  const message = { kind: 'user' as const, id, content };
  return typed >= 0 ? items.with(typed, message) : [...items, message];
};
