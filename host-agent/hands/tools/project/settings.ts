/** Of the settings for OpenCode that a project brings along, what is text for agents and nothing that runs. */
import { readdir } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import * as z from 'zod';
import type { Situation } from '../../call/tool.ts';
import { looseJson } from './loose-json.ts';
import { projectFile } from './project-file.ts';

/** Of a command what we go by; `agent` and `model` (`provider/model`) work on it. */
const command = z.object({ template: z.string(), agent: z.string().optional(), model: z.string().optional() });
export type Command = z.infer<typeof command>;

const settings = z.object({
  instructions: z.array(z.string()).catch([]).default([]),
  command: z.record(z.string(), command.nullable().catch(null)).catch({}).default({}),
});

const files = ['opencode.json', 'opencode.jsonc', '.opencode/opencode.json', '.opencode/opencode.jsonc'];
/** A person's settings have some kilobytes. */
const maxSettingsBytes = 256 * 1024;

export interface ProjectSettings {
  /** Paths of files with rules, from the mission's directory; `*` in the last name stands for anything. */
  instructions: string[];
  /** By their names. */
  commands: Map<string, Command>;
}

/** What is no settings is passed over. Later files win, as with OpenCode. */
export const projectSettings = async (situation: Pick<Situation, 'directory'>): Promise<ProjectSettings> => {
  const found: ProjectSettings = { instructions: [], commands: new Map() };
  const read = files.map((name) => projectFile(situation, join(situation.directory, name), maxSettingsBytes));
  for (const file of await Promise.all(read)) {
    const { data } = settings.safeParse(file && looseJson(file.text));
    if (!data) continue;
    found.instructions.push(...data.instructions);
    for (const [key, value] of Object.entries(data.command)) if (value) found.commands.set(key, value);
  }
  return found;
};

/** The files that `instructions` mean: of patterns only those with a `*` in the last name. */
export const instructionFiles = async (directory: string, instructions: readonly string[]): Promise<string[]> => {
  const paths: string[] = [];
  for (const given of instructions) {
    if (isAbsolute(given) || given.startsWith('~') || /^https?:/.test(given)) continue;
    const last = basename(given);
    if (!last.includes('*')) {
      paths.push(join(directory, given));
      continue;
    }
    const fits = new RegExp(`^${last.split('*').map(escaped).join('.*')}$`);
    const names = await readdir(join(directory, dirname(given))).catch(() => []);
    paths.push(...names.filter((name) => fits.test(name)).map((name) => join(directory, dirname(given), name)));
  }
  return [...new Set(paths)];
};

const escaped = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
