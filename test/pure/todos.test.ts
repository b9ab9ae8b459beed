import { expect, test } from 'vitest';
import { TodoList, todosEvent, wroteTodos } from '../../host-agent/missions/transcript/todos.ts';
import { translate } from '../../host-agent/missions/transcript/translate.ts';
import type { OpenCodeTodo } from '../../host-agent/opencode/api/events.ts';
import { createRedactor } from '../../host-agent/process/redact.ts';
import { hostEvent } from '../../shared/events.ts';
import { maxEventBytes, maxTodoChars, maxTodos } from '../../shared/limits.ts';
import { scenario, turnNumber } from '../support/mission-fixture.ts';

const turn = turnNumber(1);
const none = createRedactor([]);
const todosIn = (event: ReturnType<typeof todosEvent>) => (event.type === 'turn.todos' ? event.todos : []);

test("OpenCode's list becomes an event: known states stay, others are open", () => {
  const { root, frames } = scenario('nested-subagents');
  const lists = frames.flatMap((frame) => (frame.kind === 'todos' && frame.session === root ? [frame.todos] : []));
  const made = { content: 'Improvised', status: 'someday' };

  expect(lists).toEqual([[{ content: 'Delegate', status: 'in_progress' }]]);
  expect(todosEvent(turn, [...(lists[0] ?? []), made], none)).toEqual({
    type: 'turn.todos',
    turn,
    todos: [
      { content: 'Delegate', status: 'in_progress' },
      { content: 'Improvised', status: 'pending' },
    ],
  });
});

test('a list of any size becomes an event that the edge takes', () => {
  const entry = (content: string): OpenCodeTodo[] => Array(500).fill({ content, status: 'pending' });
  // A control character is six bytes as JSON; the emoji's halves stand on both sides of the cut.
  for (const content of ['\u0001'.repeat(2_000), `${'x'.repeat(maxTodoChars - 1)}😀`, '😀'.repeat(1_000)]) {
    const event = todosEvent(turn, entry(content), none);
    expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(maxEventBytes);
    expect(hostEvent.safeParse(event).success).toBe(true);
    expect(todosIn(event)).toHaveLength(maxTodos);
    expect(todosIn(event)[0]?.content.isWellFormed()).toBe(true);
  }
});

test('a secret in a list is replaced before anything is cut', () => {
  const secret = 'sk-0123456789abcdef';
  const content = `${'x'.repeat(maxTodoChars - 5)}${secret}`;

  const event = todosEvent(turn, [{ content, status: 'pending' }], createRedactor([secret]));

  expect(JSON.stringify(event)).not.toContain('sk-');
});

test('a list is told once, a missed one is read, and the stream wins over an older answer', async () => {
  const taken: OpenCodeTodo[][] = [];
  const failures: unknown[] = [];
  const one = [{ content: 'one', status: 'pending' }];
  const two = [{ content: 'two', status: 'pending' }];
  let answer = Promise.withResolvers<OpenCodeTodo[]>();
  const list = new TodoList(
    () => answer.promise,
    (todos) => taken.push(todos),
    (error) => failures.push(error),
  );
  expect([list.isNew(one), list.isNew(one), list.isNew(two)]).toEqual([true, false, true]);

  list.missed();
  answer.resolve(one);
  await list.settled();
  expect(taken).toEqual([one]);

  answer = Promise.withResolvers();
  list.missed();
  expect(list.isNew(two)).toBe(true);
  answer.resolve(one);
  await list.settled();
  expect(taken).toEqual([one]);

  answer = Promise.withResolvers();
  list.missed();
  answer.reject(new Error('away'));
  await list.settled();
  expect(failures).toMatchObject([{ message: 'away' }]);
});

test("a list has to be read again only where the mission's own agent wrote it", () => {
  const wrote = (name: string): boolean => {
    const { begin, live } = scenario(name);
    const state = begin();
    for (const row of live) translate(state, row);
    return wroteTodos(state);
  };

  expect(wrote('nested-subagents')).toBe(true);
  expect(wrote('subagent')).toBe(false);
});
