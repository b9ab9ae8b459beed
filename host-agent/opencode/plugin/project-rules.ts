import * as z from 'zod';
import { type AskHands, reasonOf } from './ask-hands.ts';

const asked = z.object({ sessionID: z.string() });
const given = z.object({ system: z.array(z.string()) });

/** OpenCode's switches for what counts as rules and skills (opencode §2.3). */
const isSet = (...names: string[]): boolean => names.some((name) => /^(1|true)$/.test(process.env[name] ?? ''));

/** The two moments of a turn at which OpenCode calls it. */
export interface ProjectRules {
  /**
   * `chat.message`: a message has come. Its rules are read from now on, while OpenCode makes its prompt, which then
   * need not wait for them.
   */
  expect(input: unknown): void;
  /** `experimental.chat.system.transform`: puts them behind the system prompt that OpenCode has made. */
  add(input: unknown, output: unknown): Promise<void>;
}

/**
 * The rules and skills of the project, as the hands read them, for each call of a model: as they are at its message, or
 * later. `instructions`: what the configuration names as rules besides. Where they can't be read, the prompt says so.
 */
export const projectRules = (ask: AskHands, instructions: () => readonly string[]): ProjectRules => {
  const expected = new Map<string, Promise<string>>();
  const isOff = isSet('OPENCODE_DISABLE_PROJECT_CONFIG');

  const read = (session: string): Promise<string> =>
    ask(
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
      session,
    ).then(
      (answer) => answer.text,
      (error: unknown) => `The rules of this project (AGENTS.md) could not be read: ${reasonOf(error)}`,
    );

  return {
    expect: (input) => {
      const { data } = asked.safeParse(input);
      if (data && !isOff) expected.set(data.sessionID, read(data.sessionID));
    },
    add: async (input, output) => {
      const { data } = asked.safeParse(input);
      if (!data || isOff || !given.safeParse(output).success) return; // A call of a model that belongs to no session.
      const early = expected.get(data.sessionID);
      expected.delete(data.sessionID); // Good for one call: the next may come an hour later.
      const text = await (early ?? read(data.sessionID));
      if (text !== '') systemOf(output).push(text);
    },
  };
};

/** The very list that OpenCode goes on with. */
const systemOf = (output: unknown): unknown[] =>
  typeof output === 'object' && output !== null && 'system' in output && Array.isArray(output.system)
    ? output.system
    : [];
