// Scripts of agents that ask, and the answers to them as the edge sends them.
import type { AnswerCommand, AskAnswer } from '../../shared/commands.ts';
import type { MissionId } from '../../shared/ids.ts';
import { newCommandId } from './host-store.ts';

const question = (text: string) => ({
  questions: [
    {
      question: text,
      header: 'Which',
      options: [
        { label: 'Red', description: 'The first' },
        { label: 'Blue', description: 'The second' },
      ],
    },
  ],
});

/** A line that asks a person `text`. */
export const asks = (text: string): string => `TOOL question ${JSON.stringify(question(text))}`;

/** A line that runs `command`, which may want a permission. */
export const runs = (command: string): string => `TOOL bash ${JSON.stringify({ command, description: 'Runs it' })}`;

/** A line that gives `script` to a sub-agent. */
export const delegates = (script: string, agent = 'general'): string =>
  `TOOL task ${JSON.stringify({ description: 'Do it', prompt: script, subagent_type: agent })}`;

export const answerTo = (mission: MissionId, args: AskAnswer): AnswerCommand => ({
  kind: 'answer',
  id: newCommandId(),
  mission,
  at: Date.now(),
  args,
});
