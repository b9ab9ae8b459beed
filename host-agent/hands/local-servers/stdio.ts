import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { type JSONRPCMessage, JSONRPCMessageSchema } from '@modelcontextprotocol/sdk/types.js';
import { type Clock, wait, within } from '../../../shared/clock.ts';
import { describeExit, startChild } from '../../process/child.ts';
import { eachLine } from '../actor/lines.ts';
import { endFamily } from '../commands/end-family.ts';
import { commandEnvironment, markName } from '../commands/environment.ts';
import { rootOf } from '../commands/family.ts';
import type { ServerTransport } from '../mcp/connection.ts';
import type { LocalDefinition } from '../mcp/definition.ts';

/** An answer has at most the images that a model may be shown; the line to the hands takes twice as much. */
export const maxMessageBytes = 8 * 1024 * 1024;
/** Of what it printed last, for the sentence that says how it ended. */
const wordsChars = 500;
/** Of what it prints at once: it travels with live output, in a piece of it. */
const printedChars = 8_000;
/** Between the end of its input, which asks it to end, and a signal. */
const politeMs = 500;
/** Its last words may come after its end. */
const lastWordsMs = 200;

/** What may come in a while; the rest waits in the pipe, so that whoever says too much slows only itself down. */
const perWhile = { ms: 1_000, lines: 10_000, bytes: 16 * 1024 * 1024 };

export interface StdioSpec {
  definition: LocalDefinition;
  directory: string;
  /** The whole environment of this process, of which it gets what commands get. */
  own: Readonly<Record<string, string | undefined>>;
  clock: Clock;
}

/**
 * An MCP server as a process: one message a line on its standard input and output. It starts with the transport; what
 * it prints otherwise is for people. Everything that it started ends with it.
 */
export const stdioTransport = ({ definition, directory, own, clock }: StdioSpec): ServerTransport => {
  const mark = `mcp.${randomBytes(12).toString('hex')}`;
  let said = '';
  let why: string | null = null;
  let write: (line: string) => Promise<void> = () => Promise.reject(new Error('it does not run'));
  let end: () => Promise<void> = async () => undefined;
  const over = Promise.withResolvers<void>();
  let isOver = false;

  const transport: ServerTransport = {
    start: async () => {
      const [program = '', ...args] = definition.command;
      const child = await startChild({
        command: [program, ...args],
        cwd: resolve(directory, definition.cwd ?? '.'),
        env: { ...commandEnvironment(own, { mark, bare: false }), ...definition.environment, [markName]: mark },
        isTalkedTo: true,
        output: 'pipes',
        session: 'own',
        tie: null,
      }).catch((error: unknown) => {
        why = `it could not be started: ${error instanceof Error ? error.message : error}`;
        throw error;
      });
      const { stdin, stdout, stderr, pid } = child;
      if (!stdin || !stdout || !stderr) throw new Error('an MCP server was started without pipes');
      const root = rootOf(pid);
      const endFamilyNow = async (): Promise<void> => {
        await endFamily(root ? [root] : [], mark, clock, politeMs);
      };

      write = (line) =>
        new Promise((sent, failed) =>
          stdin.write(`${line}\n`, (error) => {
            if (!error) return sent();
            // It is gone, or does not listen any more; then how it ended is said.
            void endFamilyNow()
              .then(() => over.promise)
              .then(() => failed(error));
          }),
        );
      end = async () => {
        stdin.end();
        await within(clock, politeMs, child.exited, () => undefined);
        await endFamilyNow();
      };
      const print = (text: string): void => {
        said = (said + text).slice(-wordsChars);
        transport.onprinted?.(text.slice(-printedChars));
      };
      stderr.setEncoding('utf8').on('data', print);
      eachLine(stdout, maxMessageBytes, {
        onTooLong: () => {
          why = `it said more than ${maxMessageBytes / 1024 / 1024} MB at once, which no answer may have`;
          void endFamilyNow();
        },
        onLine: (line) => {
          const message = messageIn(line);
          if (message) transport.onmessage?.(message);
          else if (line.trim() !== '') print(`${line}\n`);
        },
      });
      throttle(stdout, clock);
      void child.exited.then(async (exit) => {
        await Promise.race([child.closed, wait(clock, lastWordsMs)]);
        why ??= `it ${describeExit(exit)}`;
        isOver = true;
        over.resolve();
        await endFamilyNow(); // What it left behind.
        transport.onclose?.();
      });
    },
    send: (message) => write(JSON.stringify(message)),
    close: async () => {
      if (isOver) return;
      await end();
    },
    ended: () => why,
    printed: () => said,
  };
  return transport;
};

const messageIn = (line: string): JSONRPCMessage | undefined => {
  try {
    return JSONRPCMessageSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // No JSON: many print what is for people here too.
  }
};

const newline = 10;

/** Stops reading for the rest of a while in which too much came. */
const throttle = (stream: Readable, clock: Clock): void => {
  let lines = 0;
  let bytes = 0;
  let from = clock.steadyMs();
  stream.on('data', (piece: Buffer) => {
    const now = clock.steadyMs();
    if (now - from > perWhile.ms) [lines, bytes, from] = [0, 0, now];
    bytes += piece.length;
    for (const byte of piece) if (byte === newline) lines += 1;
    if ((lines < perWhile.lines && bytes < perWhile.bytes) || stream.isPaused()) return;
    stream.pause();
    clock.after(from + perWhile.ms - now, () => stream.resume(), { keepsAlive: false });
  });
};
