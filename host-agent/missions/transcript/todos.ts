import type { HostEvent, Todo } from '../../../shared/events.ts';
import { todo } from '../../../shared/events.ts';
import type { TurnId } from '../../../shared/ids.ts';
import { maxEventBytes, maxTodoChars, maxTodos } from '../../../shared/limits.ts';
import { beginningOf } from '../../../shared/text.ts';
import type { OpenCodeTodo } from '../../opencode/api/events.ts';
import type { Redactor } from '../../process/redact.ts';
import type { Translation } from './translation.ts';

/** Characters of each entry where 200 long ones, escaped in JSON, would be too large for an event. */
const shortTodoChars = 100;

/** The event of a to-do list: redacted first, so that no cut leaves half a secret, then small enough. */
export const todosEvent = (turn: TurnId, todos: readonly OpenCodeTodo[], redactor: Redactor): HostEvent => {
  const clean = todos.slice(0, maxTodos).map(({ content, status }): Todo => {
    const known = todo.shape.status.safeParse(status);
    return { content: redactor.text(content), status: known.success ? known.data : 'pending' };
  });
  const event = (chars: number): HostEvent => ({
    type: 'turn.todos',
    turn,
    todos: clean.map(({ content, status }) => ({ content: beginningOf(content, chars), status })),
  });
  const whole = event(maxTodoChars);
  return Buffer.byteLength(JSON.stringify(whole)) < maxEventBytes ? whole : event(shortTodoChars);
};

/** Whether the agent itself wrote its list in the turn that runs; a list changes by nothing else. */
export const wroteTodos = (state: Translation): boolean => {
  const turn = state.sessions.get(state.root)?.turn;
  return [...state.parts.values()].some(
    (part) =>
      part.kind === 'tool' &&
      part.assistant.session === state.root &&
      part.assistant.turn === turn &&
      part.name.includes('todo'),
  );
};

/**
 * The to-do list of a mission as last heard. OpenCode sends a change once and does not keep it in its history, so after
 * a gap the list is read.
 */
export class TodoList {
  readonly #read: () => Promise<void>;
  #last: string | null = null;
  #heard = 0;
  #reading: Promise<void> = Promise.resolve();

  /** `read` asks OpenCode; `take` gets the answer; `failed` why there is none. */
  constructor(
    read: () => Promise<OpenCodeTodo[]>,
    take: (todos: OpenCodeTodo[]) => void,
    failed: (error: unknown) => void,
  ) {
    this.#read = async () => {
      const before = this.#heard;
      try {
        const todos = await read();
        // What the stream brought in the meantime is as new or newer.
        if (this.#heard === before) take(todos);
      } catch (error) {
        failed(error);
      }
    };
  }

  /** OpenCode says the list. True when it is another than the last one. */
  isNew(todos: readonly OpenCodeTodo[]): boolean {
    this.#heard++;
    const text = JSON.stringify(todos);
    if (text === this.#last) return false;
    this.#last = text;
    return true;
  }

  /** A change may have been missed. */
  missed(): void {
    this.#last = null;
    this.#reading = this.#read();
  }

  /** Resolves when nothing is being read. Never rejects. */
  settled(): Promise<void> {
    return this.#reading;
  }
}
