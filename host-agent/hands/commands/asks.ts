/**
 * What a line of bash needs to be allowed, in the patterns of OpenCode's own bash tool (opencode §10.3), so that the
 * rules that people have for that one go on meaning what they mean.
 */
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { cutText } from '../../../shared/text.ts';
import type { Ask, Outcome } from '../call/outcome.ts';
import { commandPrefix } from './command-prefix.ts';
import { type KnownWord, type SimpleCommand, simpleCommands } from './simple-commands.ts';

/** They change where the shell is, which nobody has to allow, and name a directory, which somebody may have to. */
const moving = new Set(['cd', 'chdir', 'pushd', 'popd']);
/** Whose arguments are paths. What else touches files is for the workspace's boundary, not for a look at a text. */
const withPaths = new Set([...moving, 'rm', 'cp', 'mv', 'mkdir', 'touch', 'chmod', 'chown', 'cat']);

/** What a person is shown of a line: nobody decides by more of it. */
const shownChars = 4000;

export interface Line {
  line: string;
  cwd: string;
  /** The mission's directory. */
  directory: string;
}

/** For the tool `bash`: places outside of the mission's directory first, as OpenCode asks for them first. */
export const bashAsks = async ({ line, cwd, directory }: Line): Promise<Ask[]> => {
  const commands = await simpleCommands(line, homedir());
  const outside = new Set<string>();
  for (const path of commands?.flatMap((command) => pathsOf(command, cwd)) ?? [])
    if (!isInside(directory, path)) outside.add(await directoryOf(path));
  if (!isInside(directory, cwd)) outside.add(cwd);
  const directories = [...outside];
  const patterns = directories.map((path) => join(path, '*'));
  return [
    ...(patterns.length === 0
      ? []
      : [
          {
            permission: 'external_directory' as const,
            patterns,
            always: patterns,
            metadata: { command: cutText(line, shownChars), directories, patterns },
          },
        ]),
    ...commandAsks('bash', line, commands),
  ];
};

/** For the alias `workspace_bash`, which asks under its own name alone (contract §8.10). */
export const aliasAsks = async (line: string): Promise<Ask[]> =>
  commandAsks('workspace_bash', line, await simpleCommands(line, homedir()));

/** What is asked for travels to people; a line of more than a few thousand programs is a script. */
const maxAskChars = 200_000;

/** The outcome of a call that needs `asks`. */
export const askOutcome = (asks: Ask[]): Outcome =>
  JSON.stringify(asks).length <= maxAskChars
    ? { kind: 'asks', asks }
    : { kind: 'failed', text: 'The command line is too long to be asked for. Write it to a file, and run that.' };

const commandAsks = (permission: Ask['permission'], line: string, commands: SimpleCommand[] | null): Ask[] => {
  // What nobody can take apart is allowed as a whole, or not at all.
  const metadata = { command: cutText(line, shownChars) };
  if (commands === null) return [{ permission, patterns: [line], always: [line], metadata }];
  const asked = commands.filter(({ words: [name = '>'] }) => !moving.has(name) && name !== '[');
  if (asked.length === 0) return [];
  const patterns = [...new Set(asked.map(({ text }) => text))];
  const always = [...new Set(asked.map(({ words, text }) => (words[0] ? `${commandPrefix(words)} *` : text)))];
  return [{ permission, patterns, always, metadata }];
};

/** The paths that a command names, as far as they are known before it runs. */
const pathsOf = ({ words: [name = ''], known }: SimpleCommand, cwd: string): string[] => {
  if (!withPaths.has(name)) return [];
  const args = known.slice(1).filter(({ begin }) => !begin.startsWith('-') && !(name === 'chmod' && begin[0] === '+'));
  if (name === 'cd' && known.length === 1) return [homedir()];
  return args.flatMap((word) => pathOf(word, cwd) ?? []);
};

/** Undefined where nothing of it is known. */
const pathOf = ({ begin, isWhole, isPattern }: KnownWord, cwd: string): string | undefined => {
  if (begin === '') return undefined;
  if (isWhole) return resolve(cwd, begin);
  // Names that a pattern stands for are all in one directory; a variable may begin with anything, so also with `/..`.
  if (isPattern || begin.endsWith('/')) return resolve(cwd, begin.slice(0, begin.lastIndexOf('/') + 1) || '.');
  return undefined;
};

const directoryOf = async (path: string): Promise<string> => {
  const stats = await stat(path).catch(() => null); // What is not there yet is made in the directory above.
  return stats?.isDirectory() ? path : dirname(path);
};

const isInside = (base: string, path: string): boolean => {
  const way = relative(base, path);
  return way !== '..' && !way.startsWith(`..${sep}`);
};
