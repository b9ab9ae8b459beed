import { timestamp } from '../../../shared/api.ts';
import type { AnswerCommand, AskAnswer } from '../../../shared/commands.ts';
import { maxAnswerBytes } from '../../../shared/limits.ts';
import { beginningOf } from '../../../shared/text.ts';
import { type Answer, getAnswer, saidIn } from '../asks/answers.ts';
import { type Ask, getAsk, questionOf } from '../asks/asks.ts';
import type { HostContext } from '../context.ts';
import { ownMission } from '../missions/missions.ts';
import { type Done, done } from '../record/change.ts';
import { type NewAnswer, refuse, reply } from '../replies.ts';

/**
 * Takes an answer, unless another was first. Out: the command for the host; null where this answer was taken before.
 */
export const takeAnswer = (
  host: HostContext,
  owner: string,
  { id, by, said }: NewAnswer,
): Done<AnswerCommand | null> => {
  const ask = 'request' in said ? getAsk(host.sql, said.request) : questionOf(host.sql, said.tool_call_id);
  const kind = 'request' in said ? said.kind : 'question';
  const isOwn = ask?.kind === kind && ownMission(host.sql, owner, ask.mission) !== null;
  if (!ask || !isOwn) return done(refuse('not_found', `There is no such ${kind}`));
  if (getAnswer(host.sql, id)?.request === ask.request) return done(reply(null));
  if (ask.answer !== null || ask.ended !== null) return done(refuse('conflict', takenText(host.sql, ask)));

  if (!('request' in said) && said.answers === null) return done(refuse('bad_request', unusableText));
  const args: AskAnswer = 'request' in said ? said : { kind: 'question', request: ask.request, answers: said.answers };
  const encoded = JSON.stringify(args);
  if (Buffer.byteLength(encoded) > maxAnswerBytes) return done(refuse('too_large', longText));
  host.sql.exec(
    'INSERT INTO answers (id, request, mission, answered_by, at, args) VALUES (?, ?, ?, ?, ?, ?)',
    id,
    ask.request,
    ask.mission,
    by,
    host.now(),
    encoded,
  );
  host.sql.exec('UPDATE requests SET answer = ? WHERE request = ?', id, ask.request);
  return done(reply({ kind: 'answer', id, mission: ask.mission, at: host.now(), args }));
};

const longText = `An answer has ${maxAnswerBytes} bytes at most: put long texts into a file, and name it`;
const unusableText = 'Failed to reply to question: the result must be {"answers": [[label, …], …]}';

/** Who was first, for whoever comes later. */
const takenText = (sql: SqlStorage, ask: Ask): string => {
  const what = ask.kind === 'question' ? 'This question' : 'This permission request';
  // Also where somebody had answered: the agent did not get it.
  if (ask.ended === 'expired') return `${what} can't be answered any more: its turn ended, or OpenCode was restarted`;
  const first = ask.answer === null ? null : getAnswer(sql, ask.answer);
  if (first) return `${what} was already answered by ${first.answered_by} at ${timestamp(first.at)}: ${summary(first)}`;
  return `${what} was already answered on the server itself`;
};

/** As much of an answer as fits into a line. */
const summaryChars = 100;

const summary = (answer: Answer): string => {
  const args = saidIn(answer);
  if (args.kind === 'permission') return args.reply;
  const text = args.answers === null ? 'dismissed' : args.answers.map((labels) => labels.join(', ')).join('; ');
  return text.length > summaryChars ? `${beginningOf(text, summaryChars)}…` : text;
};
