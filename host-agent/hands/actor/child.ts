/**
 * An actor: runs tools for the hands, which talk to it on its standard input. What it starts ends with it, and it ends
 * when its input does.
 */
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../../shared/clock.ts';
import { assertNever } from '../../../shared/errors.ts';
import type { Outcome } from '../call/outcome.ts';
import type { Tool } from '../call/tool.ts';
import { mcpWork, type ServerReply } from '../mcp/asked.ts';
import type { ServeSituation } from '../mcp/serve.ts';
import { type ActOnFiles, createActs } from './acting-on-files.ts';
import { type FromActor, maxLineBytes, maxLiveChars, toActor, type Work } from './frames.ts';
import { keepIn } from './kept.ts';
import { eachLine } from './lines.ts';
import { seenBySession } from './seen.ts';

/** What goes on beside calls: commands in the background. */
export interface Background {
  /** How many run. */
  running(): number;
  /** Ends those of a mission, by its directory. Resolves when they are gone. */
  endMission(directory: string, clock: Clock): Promise<unknown>;
  /** Ends all of them. */
  endAll(clock: Clock): Promise<unknown>;
}

export interface ActorParts {
  input: Readable;
  output: Writable;
  tools: readonly Tool[];
  /** Does what people ask with files. */
  actOnFiles: ActOnFiles;
  /** MCP servers of the person's configuration. */
  servers: Background & { serve(ask: unknown, situation: ServerSituation): Promise<ServerReply> };
  background: Background & {
    /** Whether processes are here that no command is known to have started. */
    hasStrays(): boolean;
  };
  clock: Clock;
}

type ServerSituation = ServeSituation & { keep: ReturnType<typeof keepIn> };

/** Live output that the hands have not taken yet; a viewer does without more, since the result has it. */
const maxWaitingBytes = 1024 * 1024;

/**
 * What the hands gave this process to read from and write to. Node's own standard output waits for who reads a pipe,
 * with everything else that the process does.
 */
export const actorPipes = (): Pick<ActorParts, 'input' | 'output'> => ({
  input: process.stdin,
  output: new Socket({ fd: 1, readable: false }),
});

/** Runs until the input ends; resolves when all that it started has ended. */
export const runActor = async (parts: ActorParts): Promise<void> => {
  const { input, output, tools, actOnFiles, servers, background, clock } = parts;
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const running = new Map<number, { stop: AbortController; ended: Promise<void> }>();
  const seenOf = seenBySession();
  const say = (frame: FromActor): boolean => output.write(`${JSON.stringify(frame)}\n`);
  const sayBytes = (frame: FromActor, bytes: Uint8Array): void => {
    output.cork();
    say(frame);
    output.write(bytes);
    output.uncork();
  };
  const acts = createActs({ act: actOnFiles, say, sayBytes });

  const run = async (id: number, work: Work, signal: AbortSignal): Promise<void> => {
    const live = (text: string): void => {
      if (output.writableLength > maxWaitingBytes) return;
      for (let at = 0; at < text.length; at += maxLiveChars)
        say({ type: 'live', id, text: text.slice(at, at + maxLiveChars) });
    };
    const { directory, session, call, agent, granted } = work;
    const keep = keepIn(directory);
    if (work.tool === mcpWork) {
      const tell: ServeSituation['tell'] = (told) => live(JSON.stringify(told));
      const outcome = await servers
        .serve(work.args, { directory, signal, tell, keep })
        .catch((error: unknown) => failedBy('an MCP server', error, signal));
      say({ type: 'outcome', id, outcome: { reason: 'it failed', ...outcome } });
      running.delete(id);
      return;
    }
    const situation = { directory, session, call, agent, granted, seen: seenOf(session), keep, signal, live, clock };
    const tool = byName.get(work.tool);
    const outcome: Outcome = tool
      ? await tool.run(work.args, situation).catch((error: unknown) => failedBy(work.tool, error, signal))
      : { kind: 'failed', text: `There is no tool "${work.tool}" here.` };
    say({ type: 'outcome', id, outcome });
    running.delete(id);
  };

  const ended = new Promise<void>((resolve) => {
    input.once('close', resolve).once('end', resolve);
    output.once('error', resolve); // The hands are gone.
    eachLine(input, maxLineBytes, {
      onTooLong: resolve,
      onBytes: acts.takeBytes,
      onLine: (line, bytesFollow) => {
        const frame = toActor.parse(JSON.parse(line));
        switch (frame.type) {
          case 'call': {
            const stop = new AbortController();
            running.set(frame.id, { stop, ended: run(frame.id, frame.work, stop.signal) });
            return;
          }
          case 'cancel':
            running.get(frame.id)?.stop.abort();
            return acts.cancel(frame.id);
          case 'bytes':
            bytesFollow(frame.count);
            return acts.take(frame);
          case 'files':
          case 'grant':
          case 'whole':
            return acts.take(frame);
          case 'forget':
            void Promise.all([background, servers].map((each) => each.endMission(frame.directory, clock))).then(() => {
              if (background.hasStrays()) say({ type: 'strays' });
            });
            return;
          case 'rest':
            say({ type: 'rest', mayEnd: running.size + acts.count() + background.running() === 0 });
            return;
          case 'ping':
            say({ type: 'pong' });
            return;
          default:
            return assertNever(frame);
        }
      },
    });
  });
  await ended;
  for (const { stop } of running.values()) stop.abort();
  await Promise.all([
    acts.end(),
    background.endAll(clock),
    servers.endAll(clock),
    ...[...running.values()].map(({ ended }) => ended),
  ]);
};

const failedBy = (tool: string, error: unknown, signal: AbortSignal): Outcome => {
  if (signal.aborted) return { kind: 'failed', text: `${tool} was cancelled. What it did until then is done.` };
  const said = error instanceof Error ? error.message : String(error);
  return { kind: 'failed', text: `${tool} failed: ${said}. Look at the state of things before you try again.` };
};
