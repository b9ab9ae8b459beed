/**
 * Skills that a project brings along: instructions that an agent reads when its work calls for them (opencode §10.5).
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Situation } from '../../call/tool.ts';
import { frontMatter } from './front-matter.ts';
import { projectFile } from './project-file.ts';

/** Where they are, from the mission's directory. */
const own = ['.opencode/skill', '.opencode/skills'];
const claudes = '.claude/skills';
const agents = '.agents/skills';

/** Directories in them that are looked into, and skills that are told of: more would be no list for a model. */
const maxDirectories = 200;
const maxSkills = 100;
/** A name and a description are in its first lines. */
const headBytes = 8 * 1024;
const maxDescriptionChars = 500;

/** A line for each skill; empty where there is none. */
export const projectSkills = async (
  { directory }: Pick<Situation, 'directory'>,
  { claude, agent }: { claude: boolean; agent: boolean },
): Promise<string> => {
  const places = [...own, ...(claude ? [claudes] : []), ...(agent ? [agents] : [])];
  const open = places.map((place) => join(directory, place));
  const lines = new Map<string, string>();
  for (let looked = 0; looked < maxDirectories && lines.size < maxSkills; looked++) {
    const at = open.shift();
    if (at === undefined) break;
    for (const entry of await readdir(at, { withFileTypes: true }).catch(() => [])) {
      if (entry.isDirectory()) open.push(join(at, entry.name));
      if (!entry.isFile() || entry.name !== 'SKILL.md') continue;
      const file = await projectFile({ directory }, join(at, entry.name), headBytes);
      const { name, description } = frontMatter(file?.text ?? '').fields;
      if (!file || !name || !description || lines.has(name)) continue;
      lines.set(name, `- ${name}: ${description.slice(0, maxDescriptionChars)} (${file.path})`);
    }
  }
  if (lines.size === 0) return '';
  return `Skills of this project. Where your task fits one, read its file first and do as it says:\n${[...lines.values()].join('\n')}`;
};
