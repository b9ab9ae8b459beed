import * as z from 'zod';
import { type Answer, type AskHands, reasonOf } from './ask-hands.ts';

/** `metadata` of the part that a person has written; nobody else's text stands for files or commands. */
export const byPerson = { openAgent: 'person' } as const;

const textPart = z.looseObject({
  id: z.string(),
  sessionID: z.string(),
  messageID: z.string(),
  type: z.literal('text'),
  text: z.string(),
  metadata: z.object({ openAgent: z.literal(byPerson.openAgent) }),
});
type TextPart = z.infer<typeof textPart>;

const metadata = z.object({
  unknown: z.string().nullable(),
  agent: z.string().nullable(),
  model: z.string().nullable(),
  files: z.array(z.object({ path: z.string(), text: z.string(), images: z.int() })),
});

const command = z.object({
  name: z.string(),
  template: z.string().catch(''),
  agent: z.string().nullable().catch(null).default(null),
  model: z.string().nullable().catch(null).default(null),
});
const commands = z.object({ data: z.array(command) });

/** OpenCode's commands, of its own configuration. */
export type ListCommands = () => Promise<unknown>;

/** Longer texts are no message that names a file or two. */
const maxChars = 200_000;

/**
 * `chat.message`: puts in what a person's message names, before OpenCode stores it: the text that its `/command` stands
 * for, with the agent and the model that this says, and behind it what the files hold that it names by `@`. Read by the
 * hands; of OpenCode only the commands that its own configuration has. What can't be had is said to the agent.
 */
export const expandMessage =
  (ask: AskHands, list: ListCommands) =>
  async (_input: unknown, output: unknown): Promise<void> => {
    const parts = partsOf(output);
    const at = parts.findIndex((part) => textPart.safeParse(part).success);
    const { data: part } = textPart.safeParse(parts[at]);
    if (!part || part.text.length > maxChars || !/^\s*\/[\w-]|@/.test(part.text)) return;
    try {
      const { answer, agent, model } = await expanded(ask, list, part);
      workedOnBy(output, agent, model);
      parts[at] = { ...part, text: answer.text };
      parts.push(...named(part, answer));
    } catch (error) {
      parts.push(
        note(part, 0, `What this message names (a command, or files by @) could not be read: ${reasonOf(error)}`),
      );
    }
  };

interface Expanded {
  answer: Answer;
  agent: string | null;
  model: string | null;
}

const expanded = async (ask: AskHands, list: ListCommands, { text, sessionID }: TextPart): Promise<Expanded> => {
  const first = await ask('person_text', { text }, sessionID);
  const { unknown, agent, model } = metadata.parse(first.metadata);
  const known =
    unknown === null ? undefined : commands.safeParse(await list()).data?.data.find(({ name }) => name === unknown);
  if (!known) return { answer: first, agent, model };
  const answer = await ask('person_text', { text, template: known.template }, sessionID);
  return { answer, agent: known.agent, model: known.model };
};

/** Changes the message in place. One that is not there OpenCode refuses, and says so. */
const workedOnBy = (output: unknown, agent: string | null, model: string | null): void => {
  const message = messageOf(output);
  const [providerID = '', ...rest] = (model ?? '').split('/');
  if (agent !== null) message.agent = agent;
  if (rest.length > 0) message.model = { providerID, modelID: rest.join('/') };
};

/** The very message that OpenCode goes on with. */
const messageOf = (output: unknown): Record<string, unknown> =>
  isRecord(output) && isRecord(output.message) ? output.message : {};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const named = (part: TextPart, { metadata: said, images = [] }: Answer): object[] => {
  const left = [...images];
  return metadata.parse(said).files.flatMap(({ path, text, images: count }, nth) => [
    note(part, 2 * nth, `The user names ${path} in this message. This is it now:\n${text}`),
    ...left.splice(0, count).map(({ mime, base64 }) => ({
      ...own(part, 2 * nth + 1),
      type: 'file',
      mime,
      filename: path,
      url: `data:${mime};base64,${base64}`,
    })),
  ]);
};

const note = (part: TextPart, nth: number, text: string): object => ({
  ...own(part, nth),
  type: 'text',
  synthetic: true,
  text,
});

/** Behind the files that were given with the message, whose ids are made likewise (missions/runner/given-files). */
const own = ({ id, sessionID, messageID }: TextPart, nth: number): object => ({
  id: `${id}z${nth.toString(16).padStart(2, '0')}`,
  sessionID,
  messageID,
});

/** The very list that OpenCode goes on with. */
const partsOf = (output: unknown): unknown[] =>
  typeof output === 'object' && output !== null && 'parts' in output && Array.isArray(output.parts) ? output.parts : [];
