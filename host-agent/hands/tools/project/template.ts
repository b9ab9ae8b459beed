/** What a command of a project, such as `/review`, stands for (opencode §10.6). */
import { join } from 'node:path';
import type { Situation } from '../../call/tool.ts';
import { frontMatter } from './front-matter.ts';
import { projectFile } from './project-file.ts';
import { type Command, projectSettings } from './settings.ts';

/** `/name what follows`: a name may lead into folders, and never out of them. */
const called = /^\s*\/([\w-]+(?:[/:.][\w-]+)*)(?:\s+([\s\S]*))?$/;

/** The command that a person's text begins with. Null: it begins with none. */
export const calledCommand = (text: string): { name: string; given: string } | null => {
  const [, name, given = ''] = called.exec(text) ?? [];
  return name === undefined ? null : { name, given: given.trim() };
};

const folders = ['.opencode/command', '.opencode/commands'];
const maxTemplateBytes = 64 * 1024;

/** What the project says of a command: by a file of that name, or in its settings. Null: nothing. */
export const projectCommand = async (
  situation: Pick<Situation, 'directory'>,
  name: string,
): Promise<Command | null> => {
  for (const folder of folders) {
    const file = await projectFile(situation, join(situation.directory, folder, `${name}.md`), maxTemplateBytes);
    if (!file) continue;
    const { fields, body } = frontMatter(file.text);
    return { template: body.trim(), agent: fields.agent, model: fields.model };
  }
  return (await projectSettings(situation)).commands.get(name) ?? null;
};

/**
 * A template with what a person wrote behind the command: all of it for `$ARGUMENTS`, its words for `$1`, `$2` and so
 * on, of which the last has the rest; behind the template where that has no place for it. A line for the shell
 * (`` !`…` ``) is never run here: the agent is told to, so that it runs with the agent's rights, and is asked for.
 */
export const filled = (template: string, given: string): string => {
  const words = [...given.matchAll(/"([^"]*)"|'([^']*)'|[^\s"']+/g)].map(([all, a, b]) => a ?? b ?? all);
  const last = Math.max(0, ...[...template.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
  const isAsking = last > 0 || template.includes('$ARGUMENTS');
  const text = template
    .replace(/!`([^`]+)`/g, (_all, line: string) => `(run \`${line}\` with bash, and put what it prints here)`)
    .replace(/\$ARGUMENTS|\$(\d+)/g, (_all, number: string | undefined) => {
      if (number === undefined) return given;
      const nth = Number(number);
      return (nth === last ? words.slice(nth - 1).join(' ') : words[nth - 1]) ?? '';
    });
  return isAsking || given === '' ? text : `${text}\n\n${given}`;
};
