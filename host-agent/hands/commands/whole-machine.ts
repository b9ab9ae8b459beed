import { normalize } from 'node:path';
import { type KnownWord, simpleCommands } from './simple-commands.ts';

/** They run what comes after them. */
const before = new Set(['sudo', 'time', 'nice', 'nohup', 'command', 'exec']);
/** What has no end may be read, and what keeps nothing may be written. */
const harmlessDevice = /^\/dev\/(null|zero|full|u?random|tty|std(in|out|err)|fd\/\d+)$/;

/**
 * Why `workspace_bash` refuses a line on a machine that is not made for one mission alone (contract §8.10): it would
 * delete, read or overwrite all of it. Null where it does not. Rules for commands are OpenCode's; this is a rail for
 * what nobody means.
 */
export const whyRefused = async (line: string): Promise<string | null> => {
  const commands = await simpleCommands(line, '~');
  if (/>\s*\/dev\//.test(line)) {
    const device = [...line.matchAll(/>\s*(\/dev\/[\w/-]*)/g)].find(([, path = '']) => !harmlessDevice.test(path));
    if (device) return `It would write to the device ${device[1]}.`;
  }
  for (const { words, known } of commands ?? []) {
    // Whatever options a program has that runs another one: somewhere after it the other one begins.
    const starts = before.has(words[0] ?? '') ? words.map((_, at) => at) : [0];
    for (const at of starts) {
      const reason = reasonOf(words[at] ?? '', known.slice(at + 1));
      if (reason) return reason;
    }
  }
  return null;
};

const reasonOf = (name: string, args: readonly KnownWord[]): string | null => {
  const options = args.filter(({ begin }) => begin.startsWith('-')).map(({ begin }) => begin);
  const isRecursive = options.some((option) => /^-[a-zA-Z]*[rR]/.test(option) || option === '--recursive');
  const root = args.some(isRoot);
  if (name === 'rm' && isRecursive && root) return 'It would delete everything on this machine.';
  if (name === 'find' && root) return 'It would walk through every file of this machine; name a directory.';
  if (['grep', 'egrep', 'fgrep', 'ls', 'chmod', 'chown'].includes(name) && isRecursive && root)
    return 'It would walk through every file of this machine; name a directory.';
  if (name === 'du' && root) return 'It would walk through every file of this machine; name a directory.';
  if (name === 'dd')
    for (const { begin } of args) {
      const device = /^(?:if|of)=(\/dev\/.*)$/.exec(begin)?.[1];
      if (device && !harmlessDevice.test(device)) return `It would use the device ${device} as a whole.`;
    }
  return null;
};

/** `/` by any of its names, what a pattern finds right below it, and what an empty variable makes it. */
const isRoot = ({ begin }: KnownWord): boolean => begin.startsWith('/') && normalize(begin) === '/';
