import type { LogEvent } from '../../../shared/events.ts';
import { getCommand } from '../commands.ts';
import { answerText } from '../missions.ts';
import { partText } from '../parts.ts';

/** Texts that rows only point to, looked up when an event is shown. */
export interface Texts {
  /** Content of a message, or '' for one this object does not have. */
  message(command: string): string;
  answer(event: LogEvent): string;
  /** Stored text of a part. */
  part(part: string): string;
  wasRemoved(command: string): boolean;
}

export const textsOf = (sql: SqlStorage): Texts => ({
  message: (command) => getCommand(sql, command)?.content ?? '',
  answer: (event) => answerText(sql, event),
  part: (part) => partText(sql, part),
  wasRemoved: (command) => getCommand(sql, command)?.state === 'removed',
});
