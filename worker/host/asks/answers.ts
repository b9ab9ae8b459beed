/**
 * Answers to questions and permissions (protocol §4 "Answers"): the first one is stored and wins, and reaches the host
 * as a command that is repeated like any other. It is no message: it waits for no turn, makes no mission busy and ends
 * nothing but itself.
 */
import * as z from 'zod';
import { type AnswerCommand, type AskAnswer, askAnswer } from '../../../shared/commands.ts';
import type { AskKind, LogEvent } from '../../../shared/events.ts';
import type { Hello } from '../../../shared/frames.ts';
import { type CommandId, commandId, type MissionId } from '../../../shared/ids.ts';
import { awaitRow, takeAwaited } from '../log/awaited.ts';

/** An answer as it is kept. `answered_by` is for people. */
export type Answer = {
  id: CommandId;
  request: string;
  mission: MissionId;
  answered_by: string;
  at: number;
  args: string;
  received: number;
  ended: string | null;
};

export const getAnswer = (sql: SqlStorage, id: string): Answer | null =>
  sql.exec<Answer>('SELECT * FROM answers WHERE id = ?', id).toArray()[0] ?? null;

/** The mission that this answer belongs to; null when there is no answer of this id. */
export const missionOfAnswer = (sql: SqlStorage, id: string): MissionId | null => getAnswer(sql, id)?.mission ?? null;

/** Whether an answer is for a question or a permission; null when there is no answer of this id. */
export const kindOfAnswer = (sql: SqlStorage, id: string): AskKind | null => {
  const answer = getAnswer(sql, id);
  return answer && saidIn(answer).kind;
};

/** What an answer says. */
export const saidIn = ({ args }: Answer): AskAnswer => askAnswer.parse(JSON.parse(args));

/** Answers without an end, in order; what they say is read where one is sent. */
export const openAnswers = (sql: SqlStorage): Pick<Answer, 'id' | 'mission' | 'received'>[] =>
  sql
    .exec<Pick<Answer, 'id' | 'mission' | 'received'>>(
      'SELECT id, mission, received FROM answers INDEXED BY answers_open WHERE ended IS NULL ORDER BY ord',
    )
    .toArray();

/** An answer as the host gets it; null when there is none of this id. */
export const toAnswer = (sql: SqlStorage, id: string): AnswerCommand | null => {
  const answer = getAnswer(sql, id);
  return answer && { kind: 'answer', id: answer.id, mission: answer.mission, at: answer.at, args: saidIn(answer) };
};

export const markReceived = (sql: SqlStorage, id: string): void => {
  sql.exec('UPDATE answers SET received = 1 WHERE id = ? AND received = 0', id);
};

/** True once the answer has an end. */
export const hasAnswerEnded = (sql: SqlStorage, id: string): boolean => (getAnswer(sql, id)?.ended ?? null) !== null;

/**
 * Ends an answer, once. If it did not reach the agent, its question or permission, where still open, can be answered by
 * somebody else.
 */
export const endAnswer = (
  sql: SqlStorage,
  { command, outcome }: Pick<Extract<LogEvent, { type: 'command.finished' }>, 'command' | 'outcome'>,
): void => {
  sql.exec('UPDATE answers SET ended = ? WHERE id = ? AND ended IS NULL', outcome, command);
  if (outcome === 'finished') return;
  sql.exec('UPDATE requests SET answer = NULL WHERE answer = ? AND ended IS NULL', command);
};

/**
 * When a question or permission ends, the answers to it end too. Only those that the host has not received: for the
 * others the host itself reports the end.
 */
export const endAnswersTo = (sql: SqlStorage, request: string): void => {
  sql.exec("UPDATE answers SET ended = 'request' WHERE request = ? AND ended IS NULL AND received = 0", request);
};

const absence = z.object({ answers: z.array(commandId) });

/**
 * Notes which answers a host had and has no more; concluded, like all absence, when the log has come as far as the
 * list.
 */
export const storeAnswersAbsent = (sql: SqlStorage, { at, commands }: Hello): void => {
  const here = new Set<string>(commands);
  const answers = openAnswers(sql).flatMap(({ id, received }) => (received === 1 && !here.has(id) ? [id] : []));
  awaitRow(sql, 'absence.answers', at, answers.length === 0 ? null : { answers });
};

/** The host has lost these answers: where their questions are still open, people can answer them again. */
export const concludeAnswers = (sql: SqlStorage): void => {
  const noted = takeAwaited(sql, 'absence.answers', absence);
  for (const command of noted?.answers ?? []) endAnswer(sql, { command, outcome: 'expired' });
};
