// A command of a person, as a shell runs it: its two outputs apart, its standard input given, its end awaited.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const bootstrap = join(import.meta.dirname, '..', '..', 'host-agent', 'launcher', 'bootstrap.mjs');

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

export type Command = ReturnType<typeof startCommand>;

/**
 * Starts `openagent <args>` with nothing of this machine's environment but PATH. `input` is piped to it and ended;
 * without one standard input is /dev/null.
 */
export const startCommand = (args: string[], environment: Record<string, string>, input?: string | Uint8Array) => {
  const env = { PATH: process.env.PATH ?? '', ...environment };
  const child = spawn(process.execPath, [bootstrap, ...args], {
    env,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  const texts = { out: '', err: '' };
  const waiting = new Set<() => void>();
  for (const [name, stream] of [
    ['out', child.stdout],
    ['err', child.stderr],
  ] as const) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
      for (const look of waiting) look();
    });
  }
  child.stdin?.on('error', () => undefined); // A command that refuses its input does not read it to the end.
  child.stdin?.end(input);
  const ended = once(child, 'close').then(([code]: (number | null)[]): Ended => {
    for (const look of waiting) look();
    return { code: code ?? null, ...texts };
  });
  return {
    ended,
    texts: () => texts,
    /** Resolves once this is in one of the outputs; rejects when the command ends without it. */
    printed: (name: 'out' | 'err', wanted: string | RegExp): Promise<void> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const text = texts[name];
          if (typeof wanted === 'string' ? !text.includes(wanted) : !wanted.test(text)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        void ended.then(({ code, out, err }) =>
          reject(new Error(`ended with ${code} without ${wanted}:\n${out}\n${err}`)),
        );
      }),
    signal: (name: NodeJS.Signals): void => void child.kill(name),
  };
};
