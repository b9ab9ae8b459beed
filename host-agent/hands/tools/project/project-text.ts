import { makeTool } from '../../call/tool.ts';
import { projectText as declared } from '../../declared/project.ts';
import { fitView } from '../fit-view.ts';
import { projectFile } from './project-file.ts';
import { maxRuleBytes, maxRulesBytes, rulesIn, shownRules } from './rules.ts';
import { instructionFiles, projectSettings } from './settings.ts';
import { projectSkills } from './skills.ts';

/** Rules and skills of the mission's directory, for the system prompt. */
export const projectTextTool = makeTool(declared, async (args, situation) => {
  const { directory } = situation;
  // A model waits for it.
  const [{ instructions }, own, skills] = await Promise.all([
    projectSettings(situation),
    rulesIn(situation, directory, { claude: args.claudeRules, maxBytes: maxRulesBytes }),
    projectSkills(situation, { claude: args.claudeSkills, agent: args.agentsSkills }),
  ]);
  const shown: string[] = [];
  let left = maxRulesBytes;
  const add = (rules: Parameters<typeof shownRules>[0] | null): void => {
    if (!rules || rules.text.trim() === '') return;
    shown.push(shownRules(rules));
    left -= Buffer.byteLength(rules.text);
  };
  add(own);
  for (const path of await instructionFiles(directory, [...instructions, ...args.instructions]))
    if (left > 0 && path !== own?.path) add(await projectFile(situation, path, Math.min(left, maxRuleBytes)));
  const text = [...shown, ...(skills ? [skills] : [])].join('\n\n');
  const view = { kind: 'read', path: '.', firstLine: 0, lastLine: 0, totalLines: null, bytes: text.length } as const;
  return { kind: 'done', title: 'project', text, view: fitView(view) };
});
