import * as z from 'zod';
import { type AskHands, reasonOf } from './ask-hands.ts';

const asked = z.object({ sessionID: z.string() });
const given = z.object({ system: z.array(z.string()) });

/** OpenCode's switches for what counts as rules and skills (opencode §2.3). */
const isSet = (...names: string[]): boolean => names.some((name) => /^(1|true)$/.test(process.env[name] ?? ''));

/**
 * Puts the rules and skills of the project, as the hands read them, behind the system prompt that OpenCode has made.
 * `instructions`: what the configuration names as rules besides. Where they can't be read, the prompt says so.
 */
export const addRules =
  (ask: AskHands, instructions: () => readonly string[]) =>
  async (input: unknown, output: unknown): Promise<void> => {
    if (isSet('OPENCODE_DISABLE_PROJECT_CONFIG')) return;
    const { data } = asked.safeParse(input);
    if (!data || !given.safeParse(output).success) return; // A call of a model that belongs to no session.
    const text = await ask(
      'project_text',
      {
        claudeRules: !isSet('OPENCODE_DISABLE_CLAUDE_CODE', 'OPENCODE_DISABLE_CLAUDE_CODE_PROMPT'),
        claudeSkills: !isSet(
          'OPENCODE_DISABLE_CLAUDE_CODE',
          'OPENCODE_DISABLE_CLAUDE_CODE_SKILLS',
          'OPENCODE_DISABLE_EXTERNAL_SKILLS',
        ),
        agentsSkills: !isSet('OPENCODE_DISABLE_EXTERNAL_SKILLS'),
        instructions: instructions(),
      },
      data.sessionID,
    ).then(
      (answer) => answer.text,
      (error: unknown) => `The rules of this project (AGENTS.md) could not be read: ${reasonOf(error)}`,
    );
    if (text !== '') systemOf(output).push(text);
  };

/** The very list that OpenCode goes on with. */
const systemOf = (output: unknown): unknown[] =>
  typeof output === 'object' && output !== null && 'system' in output && Array.isArray(output.system)
    ? output.system
    : [];
