import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { type Clock, wait } from '../../../shared/clock.ts';
import { type Exit, startChild } from '../../process/child.ts';
import { endFamily } from './end-family.ts';
import { familyOf, hasGroup, type Relative, type Root, rootOf } from './family.ts';
import { type Live, showLive } from './live.ts';
import { collectOutput, type Output } from './output.ts';
import type { Pipe } from './pipes.ts';

export interface CommandSpec {
  /** What is run: a shell with its arguments. */
  argv: readonly string[];
  cwd: string;
  env: Record<string, string>;
  /** What it reads; nothing if absent. */
  input?: string;
  /** Standard output and errors as two outputs; else as one, in the order in which they were printed. */
  apart: boolean;
  mark: string;
  /** Where an output that is long goes. */
  file(stream: 'out' | 'err'): string;
  quietBytes: number;
  quietLines: number;
  show(text: string): void;
}

/** A command that runs, or did. */
export interface Command {
  pid: number;
  /** What its pid was when it started; undefined where it was gone at once. */
  root: Root | undefined;
  /** One output, or standard output and errors. */
  outputs: readonly Output[];
  /** Resolves when the shell has ended. What it started may go on and print. */
  exited: Promise<Exit>;
  exit(): Exit | null;
  /** Resolves when nobody is left who could print. */
  closed: Promise<void>;
  isClosed(): boolean;
  /** Resolves when all that was printed before this call is here, whether or not somebody goes on printing. */
  caughtUp(): Promise<void>;
  /** What its shell left running, once that has ended. */
  left(): Relative[];
  /** From here on nothing is shown to viewers. */
  hide(): void;
  /** Ends everything that it started; resolves to what could not be ended. */
  end(): Promise<Relative[]>;
  /** Calls `then` once, when something is printed or the shell ends. */
  onceNews(then: () => void): void;
}

/** For a stream that was read to the end of what was in it. */
const quietMs = 60;
/** The largest that Linux lets anybody make a pipe: when so much came, what was in it before is here. */
const maxPipeBytes = 1024 * 1024;

/** Starts a command; `pipes` are one for each of its outputs, or Node's own where none could be made. */
export const startCommand = async (
  spec: CommandSpec,
  pipes: readonly (Pipe | null)[],
  clock: Clock,
): Promise<Command> => {
  const [out, err] = spec.apart ? pipes : [pipes[0], pipes[0]];
  const child = await startChild({
    command: spec.argv,
    cwd: spec.cwd,
    env: spec.env,
    input: spec.input,
    output: out && err ? { descriptors: [out.write, err.write] } : 'pipes',
    session: 'own',
    tie: null,
  })
    .catch((error: unknown) => {
      for (const pipe of pipes) if (pipe) closeSync(pipe.read);
      throw error;
    })
    .finally(() => {
      for (const pipe of pipes) if (pipe) closeSync(pipe.write);
    });
  const root = rootOf(child.pid);

  const live: Live = showLive(spec.show, clock);
  const bounds = { quietBytes: spec.quietBytes, quietLines: spec.quietLines };
  const outputs = [collectOutput(() => spec.file('out'), bounds)];
  if (spec.apart) outputs.push(collectOutput(() => spec.file('err'), bounds));

  let exit: Exit | null = null;
  let isClosed = false;
  let news: (() => void)[] = [];
  let lastChunkMs = clock.steadyMs();
  let readBytes = 0;
  let waiting = 0;
  const tell = () => {
    const told = news;
    news = [];
    for (const then of told) then();
  };

  const read = (stream: Readable, output: Output): Promise<void> => {
    stream.on('data', (bytes: Buffer) => {
      lastChunkMs = clock.steadyMs();
      readBytes += bytes.length;
      live.take(bytes);
      const room = output.take(bytes);
      tell();
      if (!room) return;
      stream.pause();
      waiting++;
      void room.then(() => {
        waiting--;
        stream.resume();
      });
    });
    return new Promise((resolve) => {
      stream.on('error', () => stream.destroy()); // There is nothing more to be read then.
      stream.once('close', resolve);
    });
  };

  const streams: (Readable | null)[] =
    out && err ? pipes.map((pipe) => (pipe ? fromDescriptor(pipe.read) : null)) : [child.stdout, child.stderr];
  const reads = streams.map((stream, at) => {
    const output = outputs[at] ?? outputs[0];
    return stream && output ? read(stream, output) : Promise.resolve();
  });
  const exited = child.exited.then((ended) => {
    exit = ended;
    tell();
    return ended;
  });
  const closed = Promise.all(reads).then(async () => {
    await exited;
    live.end();
    await Promise.all(outputs.map((output) => output.finish()));
    isClosed = true;
  });

  const caughtUp = async (): Promise<void> => {
    const before = readBytes;
    let quietRounds = 0;
    // Two rounds: after the first, what waited while this process was busy has been read.
    while (!isClosed && quietRounds < 2 && readBytes - before <= maxPipeBytes) {
      await Promise.race([closed, wait(clock, quietRounds === 0 ? quietMs : 1)]);
      const isQuiet = waiting === 0 && clock.steadyMs() - lastChunkMs >= quietMs;
      quietRounds = isQuiet ? quietRounds + 1 : 0;
    }
    await Promise.all(outputs.map((output) => output.spool()?.flushed()));
  };

  return {
    pid: child.pid,
    root,
    outputs,
    exited,
    exit: () => exit,
    closed,
    isClosed: () => isClosed,
    caughtUp,
    // Most commands leave nothing, and asking for a group costs nothing.
    left: () => (isClosed && !hasGroup(child.pid) ? [] : familyOf(root ? [root] : [], spec.mark)),
    hide: live.end,
    end: async () => {
      const left = await endFamily(root ? [root] : [], spec.mark, clock);
      // Who holds the pipe still is none of the command's, or can't be ended: nothing waits for it.
      await Promise.race([closed, caughtUp()]);
      for (const stream of streams) stream?.destroy();
      if (left.length === 0) await closed;
      return left;
    },
    onceNews: (then) => void news.push(then),
  };
};

const fromDescriptor = (fd: number): Readable => new Socket({ fd, readable: true, writable: false });
