import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/**
 * A line of input that is not to be seen: typed at a terminal without echo, else the first line of standard input.
 * Empty when there is none.
 */
export const hiddenInput = async (question: string): Promise<string> => {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) return firstLine(stdin);
  stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: stdin, output: nowhere, terminal: true });
  const given = await Promise.race([terminal.question(''), once(terminal, 'close').then(() => '')]);
  terminal.close();
  stderr.write('\n');
  return given.trim();
};

/**
 * A line that may be seen, typed at a terminal; empty where there is none, since standard input is for what is hidden.
 */
export const visibleInput = async (question: string): Promise<string> => {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) return '';
  const terminal = createInterface({ input: stdin, output: stderr });
  const given = await Promise.race([terminal.question(question), once(terminal, 'close').then(() => '')]);
  terminal.close();
  return given.trim();
};

const firstLine = async (input: NodeJS.ReadableStream): Promise<string> => {
  let text = '';
  for await (const chunk of input) {
    text += chunk;
    if (text.includes('\n')) break;
  }
  return text.split('\n')[0]?.trim() ?? '';
};
