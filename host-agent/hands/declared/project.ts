/**
 * What the plug-in asks of the hands beside the tools that models have: what a project says to agents, and what a
 * person's message names. Models are not offered these.
 */
import * as z from 'zod';
import { declare } from './declared.ts';

const isOn = (what: string) => z.boolean().default(true).describe(what);

export const projectText = declare({
  name: 'project_text',
  description: 'Rules and skills of the project in the working directory, as text for the system prompt of an agent.',
  args: {
    claudeRules: isOn('CLAUDE.md counts where no AGENTS.md is'),
    claudeSkills: isOn('Skills in .claude count'),
    agentsSkills: isOn('Skills in .agents count'),
    instructions: z.array(z.string()).default([]).describe('Further files of rules, from the working directory'),
  },
});

export const personText = declare({
  name: 'person_text',
  description: 'The text of a person with its /command and the files that it names by @ put in.',
  args: {
    text: z.string(),
    template: z.string().optional().describe('What its /command stands for, where the project does not say it'),
  },
});

export const declaredProject = [projectText, personText];
