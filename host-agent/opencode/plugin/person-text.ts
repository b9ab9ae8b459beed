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
  files: z.array(z.object({ path: z.string(), text: z.string(), images: z.int() })),
});

const commands = z.object({ data: z.array(z.object({ name: z.string(), template: z.string().catch('') })) });

/** OpenCode's commands, of its own configuration. */
export type ListCommands = () => Promise<unknown>;

/** Longer texts are no message that names a file or two. */
const maxChars = 200_000;

/**
 * `chat.message`: puts in what a person's message names, before OpenCode stores it: the text that its `/command` stands
 * for, and behind it what the files hold that it names by `@`. Read by the hands; of OpenCode only the templates of
 * commands that its own configuration has. What can't be had is said to the agent.
 */
export const expandMessage =
  (ask: AskHands, list: ListCommands) =>
  async (_input: unknown, output: unknown): Promise<void> => {
    const parts = partsOf(output);
    const at = parts.findIndex((part) => textPart.safeParse(part).success);
    const { data: part } = textPart.safeParse(parts[at]);
    if (!part || part.text.length > maxChars || !/^\s*\/[\w-]|@/.test(part.text)) return;
    try {
      const answer = await expanded(ask, list, part);
      parts[at] = { ...part, text: answer.text };
      parts.push(...named(part, answer));
    } catch (error) {
      parts.push(
        note(part, 0, `What this message names (a command, or files by @) could not be read: ${reasonOf(error)}`),
      );
    }
  };

const expanded = async (ask: AskHands, list: ListCommands, { text, sessionID }: TextPart): Promise<Answer> => {
  const first = await ask('person_text', { text }, sessionID);
  const { unknown } = metadata.parse(first.metadata);
  if (unknown === null) return first;
  const known = commands.safeParse(await list()).data?.data.find(({ name }) => name === unknown);
  return known ? ask('person_text', { text, template: known.template }, sessionID) : first;
};

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
