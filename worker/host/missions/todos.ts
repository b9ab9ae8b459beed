import type { ProgressJson } from '../../../shared/api.ts';
import type { Todo } from '../../../shared/events.ts';

/** A longer list is left out of snapshots, which must stay small: the event that brought it is in the log. */
const snapshotChars = 8 * 1024;

/** Keeps a mission's list. False where it is the one that is known, so that a list read twice is told once. */
export const storeTodos = (sql: SqlStorage, mission: string, todos: readonly Todo[]): boolean => {
  const list = JSON.stringify(todos);
  if (list === (storedTodos(sql, mission) ?? '[]')) return false;
  sql.exec(
    'INSERT INTO todos (mission, list) VALUES (?, ?) ON CONFLICT (mission) DO UPDATE SET list = excluded.list',
    mission,
    list,
  );
  return true;
};

const storedTodos = (sql: SqlStorage, mission: string): string | null =>
  sql.exec<{ list: string }>('SELECT list FROM todos WHERE mission = ?', mission).toArray()[0]?.list ?? null;

/** The latest list of a mission; it outlives the turn that wrote it, as in OpenCode. */
export const getTodos = (sql: SqlStorage, mission: string): Todo[] => {
  const list: Todo[] = JSON.parse(storedTodos(sql, mission) ?? '[]'); // Written by `storeTodos` alone.
  return list;
};

/** The list for a snapshot, where there is one and it is small. */
export const todosForSnapshot = (sql: SqlStorage, mission: string): { todos?: Todo[] } => {
  const list = storedTodos(sql, mission);
  return list === null || list === '[]' || list.length > snapshotChars ? {} : { todos: JSON.parse(list) };
};

/** What a list says of progress: cancelled entries are neither open nor done, so they are not counted. */
export const progressOf = (todos: readonly Todo[]): ProgressJson => ({
  total_subtasks: todos.filter(({ status }) => status !== 'cancelled').length,
  completed_subtasks: todos.filter(({ status }) => status === 'completed').length,
  current_subtask: todos.find(({ status }) => status === 'in_progress')?.content ?? null,
  current_depth: 0,
});

/** Of a deleted mission. Out: how many rows that removed. */
export const forgetTodos = (sql: SqlStorage, mission: string): number =>
  sql.exec('DELETE FROM todos WHERE mission = ? RETURNING 1', mission).toArray().length;
