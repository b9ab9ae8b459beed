/** `openagent answer`: what an agent that asks is waiting for. */
import { randomUUID } from 'node:crypto';
import { permissionBody } from '../../../shared/api.ts';
import { say } from '../../launcher/say.ts';
import { BadUse } from '../bad-use.ts';
import { chosenEdge, type EdgeOptions } from '../login/edge.ts';
import { askText } from '../printing/ask-text.ts';
import { processEnds } from '../printing/ends.ts';
import { type MissionApi, missionApi } from './api.ts';

export interface AnswerOptions extends EdgeOptions {
  reject?: boolean;
  message?: string;
}

const permissionReply = permissionBody.shape.reply;

/**
 * Answers the ask `id`: one label or text for each question, or once, always or reject to a permission. Without an
 * id it lists what is asked. Throws BadUse when the answer does not fit, Refused when somebody was first.
 */
export const answer = async (
  id: string | undefined,
  given: string[],
  options: AnswerOptions,
  environment: NodeJS.ProcessEnv,
): Promise<void> => {
  const api = missionApi(await chosenEdge(options, environment));
  const open = await api.asks();
  if (id === undefined) {
    if (open.length === 0) say('No agent asks anything.');
    for (const ask of open) say(`${ask.mission_id.slice(0, 8)}: ${askText(ask)}`);
    return;
  }
  const ask = open.find((each) => each.id === id);
  if (!ask) {
    throw new BadUse(`Nobody asks "${id}" (any more). \`openagent answer\` lists what is asked.`);
  }
  try {
    await give(api, ask, given, options);
  } catch (error) {
    if (error instanceof BadUse) processEnds(environment).err(`${askText(ask)}\n\n`);
    throw error;
  }
  say('The agent has the answer.');
};

const give = async (
  api: MissionApi,
  { id, kind, body }: Awaited<ReturnType<MissionApi['asks']>>[number],
  given: string[],
  { reject = false, message }: AnswerOptions,
): Promise<void> => {
  const key = randomUUID();
  if (kind === 'permission') {
    const reply = permissionReply.safeParse(reject ? 'reject' : given[0]);
    if (!reply.success || given.length > 1) throw new BadUse('Say once, always or reject.');
    await api.answerPermission(id, { reply: reply.data, message }, key);
    return;
  }
  if (reject) {
    await api.answerQuestion(id, { reject: true }, key);
    return;
  }
  const asked = questionsIn(body);
  if (given.length !== asked)
    throw new BadUse(`There ${asked === 1 ? 'is one question' : `are ${asked} questions`}: give as many answers.`);
  await api.answerQuestion(id, { answers: given.map((text) => [text]) }, key);
};

const questionsIn = (body: unknown): number =>
  typeof body === 'object' && body !== null && 'questions' in body && Array.isArray(body.questions)
    ? body.questions.length
    : 1;
