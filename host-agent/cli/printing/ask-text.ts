import * as z from 'zod';
import type { Line } from '../following/lines.ts';
import { plainLine } from './plain.ts';

/** What OpenCode asks, as far as it can be shown. */
const questions = z.object({
  questions: z.array(
    z.object({
      question: z.string(),
      options: z.array(z.object({ label: z.string(), description: z.string().nullish() })).nullish(),
    }),
  ),
});
const permission = z.object({ permission: z.string(), patterns: z.array(z.string()) });

/** A question or permission, and the command that answers it. */
export const askText = ({
  id,
  kind,
  body,
}: Pick<Extract<Line, { type: 'request' }>, 'id' | 'kind' | 'body'>): string =>
  kind === 'permission' ? permissionText(plainLine(id), body) : questionText(plainLine(id), body);

/** As one word of a shell: what an agent suggests must not run when a person copies the line. */
const quoted = (text: string): string => (/^[\w.:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

const permissionText = (id: string, body: unknown): string => {
  const asks = permission.safeParse(body).data;
  const what = asks ? plainLine(`${asks.permission} ${asks.patterns.join(', ')}`) : 'something';
  return `The agent asks for permission: ${what}\n  openagent answer ${quoted(id)} once|always|reject`;
};

const questionText = (id: string, body: unknown): string => {
  const asked = questions.safeParse(body).data?.questions ?? [];
  const lines = asked.flatMap(({ question, options }) => [
    `The agent asks: ${plainLine(question)}`,
    ...(options ?? []).map(
      ({ label, description }) => `  - ${plainLine(label)}${description ? `: ${plainLine(description)}` : ''}`,
    ),
  ]);
  const answers = asked.map(({ options }) => quoted(plainLine(options?.[0]?.label ?? '…'))).join(' ');
  return [
    ...(lines.length > 0 ? lines : ['The agent asks something.']),
    `  openagent answer ${quoted(id)} ${answers || quoted('…')}`,
  ].join('\n');
};
