// A person's terminal: runs what they type with real programs and keeps what was typed and printed, as Markdown.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { eventMs } from '../../support/patience.ts';

export interface Shell {
  /** A heading: what is about to be done. */
  tell(title: string): void;
  /** What a reader has to know. */
  note(text: string): void;
  /** A value that later commands use by its name. */
  set(name: string, value: string): void;
  /** Types a command and returns what it printed; throws when it fails. */
  type(command: string): Promise<string>;
  /** Leaves a command running until `close`. */
  leave(command: string): void;
  close(): void;
  markdown(): string;
}

/** Long enough for a whole turn on a busy machine. */

export const openShell = (cwd: string, environment: Record<string, string>): Shell => {
  const env: Record<string, string> = { PATH: process.env.PATH ?? '', ...environment };
  const text: string[] = [];
  const left: ChildProcess[] = [];
  const show = (command: string, printed: string): void => {
    const prompt = command.split('\n').map((line, n) => `${n === 0 ? '$' : '>'} ${line}`);
    text.push(['```console', ...prompt, ...(printed === '' ? [] : [printed]), '```'].join('\n'));
  };
  return {
    tell: (title) => void text.push(`## ${title}`),
    note: (line) => void text.push(line),
    set: (name, value) => {
      env[name] = value;
    },
    type: async (command) => {
      const { stdout } = await promisify(execFile)('bash', ['--norc', '-ceu', command], {
        cwd,
        env,
        timeout: eventMs,
      });
      show(command, stdout.trimEnd());
      return stdout;
    },
    leave: (command) => {
      left.push(spawn('bash', ['--norc', '-ceu', `exec ${command}`], { cwd, env, stdio: 'ignore' }));
      show(`${command} &`, '');
    },
    close: () => {
      for (const child of left) child.kill();
    },
    markdown: () => `${text.join('\n\n')}\n`,
  };
};
