import * as z from 'zod';
import { questionAnswers } from '../../shared/api.ts';
import type { AskAnswer } from '../../shared/commands.ts';
import { AppError } from '../../shared/errors.ts';
import { commandId } from '../../shared/ids.ts';
import { controlRoutes } from '../../shared/routes/control.ts';
import { sayError } from '../account/asked.ts';
import type { NewAnswer, Reply } from '../host/replies.ts';
import { askEach, asUnavailable } from '../hosts/each.ts';
import { listed } from '../hosts/listed.ts';
import { callObject, unwrap } from '../hosts/object.ts';
import { liveServersOf, serversOfOwner } from '../hosts/of-user.ts';
import type { Context } from '../http/context.ts';
import { tellLeftOut } from '../http/left-out.ts';
import { on, type Served } from '../http/on.ts';
import { pageOf } from '../http/paging.ts';
import { reserve } from '../missions/reserve.ts';

/** Questions and permissions that agents wait for (contract §2.2 tool_result, §8.12; the others are NEW). */
export const asks: Served[] = [
  on(controlRoutes.toolResult, async ({ c, user: { id: owner }, body }) => {
    const [id, name] = [body.tool_call_id.trim(), body.name.trim()];
    if (id === '') throw new AppError('bad_request', 'tool_call_id is required');
    if (name === '') throw new AppError('bad_request', 'name is required');
    const asked = { tool_call_id: id, answers: answersIn(body.result) };
    const answer = await answerSomewhere(c, 'POST /api/control/tool_result', body, asked);
    const unknown = `Unknown tool_call_id '${id}' for tool '${name}'`;
    if (!answer.ok) await sayError(c.env, owner, answer.code === 'not_found' ? unknown : answer.message);
    return { ok: true };
  }),
  on(controlRoutes.questions, async ({ c, user: { id: owner }, query }) => {
    const hosts = await liveServersOf(c.env, owner);
    const asked = (host: string) => listed(c.env, host, (object, after) => object.asks(owner, after));
    const { answers, leftOut } = await askEach(hosts, asked);
    tellLeftOut(c, leftOut);
    const sorted = answers.flat().toSorted((a, b) => a.asked_at.localeCompare(b.asked_at));
    return pageOf(c, query, sorted);
  }),
  on(controlRoutes.answerPermission, ({ c, params: { id: request }, body: { reply, message } }) =>
    answered(c, 'permissions', { kind: 'permission', request, reply, message: message?.trim() || null }),
  ),
  on(controlRoutes.answerQuestion, ({ c, params: { id: request }, body }) => {
    const answers = 'answers' in body ? body.answers : null;
    return answered(c, 'questions', { kind: 'question', request, answers });
  }),
];

/** What the web app's forms send: `{answers}`, or the answers alone (contract §8.12); null for anything else. */
const answersIn = (result: unknown): string[][] | null => {
  const wrapped = z.object({ answers: z.unknown() }).safeParse(result);
  const said = wrapped.success && wrapped.data.answers !== undefined ? wrapped.data.answers : result;
  return questionAnswers.safeParse(said).data ?? null;
};

const answered = async (c: Context, path: string, said: AskAnswer): Promise<{ ok: true }> => {
  unwrap(await answerSomewhere(c, `POST /api/control/${path}/${said.request}`, said, said));
  return { ok: true };
};

/**
 * Request ids and tool calls name no server: the user's are asked, and at most one knows it (protocol §4). It is one
 * where something is alive, unless the answer comes again, or too late.
 */
const answerSomewhere = async (
  c: Context,
  route: string,
  body: object,
  said: NewAnswer['said'],
): Promise<Reply<null>> => {
  const { id: owner, name: by } = c.get('principal').user;
  const named = { owner, route, key: c.req.header('Idempotency-Key'), body };
  const drawn = z.object({ answer: commandId });
  const draw = async () => ({ answer: commandId.parse(crypto.randomUUID()) });
  const { answer: id } = await reserve(c.env, named, drawn, draw);
  const asked = (host: string) => callObject(c.env, host, (object) => object.answer(owner, { id, by, said }));
  let failure: unknown = null;
  for await (const servers of serversOfOwner(c.env, owner)) {
    for (const each of await Promise.allSettled(servers.map(asked))) {
      if (each.status === 'rejected') failure ??= each.reason;
      else if (each.value.ok || each.value.code !== 'not_found') return each.value;
    }
  }
  // It may be of the server that did not answer.
  if (failure !== null) throw asUnavailable(failure);
  return { ok: false, code: 'not_found', message: 'There is no such request' };
};
