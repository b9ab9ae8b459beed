// OpenCode as a process: started so that nothing of it can outlive us, ready when it resolves, ended without
// left-overs.

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type Clock, systemClock } from '../../../shared/clock.ts';
import { type Child, type Exit, signalProcess, startChild } from '../../process/child.ts';
import { covered } from '../../process/covered.ts';
import { namesLeft } from '../../process/left-behind.ts';
import { containmentMeans } from '../../process/means.ts';
import type { ContainmentMeans } from '../../process/namespace.ts';
import { inOwnView } from '../../process/own-view.ts';
import { probePort } from '../../process/probe-port.ts';
import { basicAuthorization, openCodeUser as username } from '../api/authorization.ts';
import type { PreparedOpenCode } from './prepare.ts';
import { answeringVersion, listeningUrl } from './readiness.ts';

export interface OpenCodeExit extends Exit {
  /** Names of the processes that were still there when it ended, and ended with it; null where that can't be known. */
  left: string[] | null;
}

export interface OpenCodeProcess {
  url: string;
  username: string;
  password: string;
  /** Fresh for each process: busy state and open requests belong to one instance and die with it. */
  instance: string;
  /** The process to watch: with a namespace the one that holds it. */
  pid: number;
  version: string;
  /** What can be left behind on this machine; undefined when nothing can. */
  notGuaranteed: string | undefined;
  /** Resolves when it is gone, and with a namespace everything it started. */
  exited: Promise<OpenCodeExit>;
  /** Ends running turns properly, then OpenCode and all it started. May be called again. */
  stop(): Promise<OpenCodeExit>;
}

/** Running turns get this long to be stored as aborted before everything is killed. */
const disposeLimitMs = 3_000;
/** What is killed is gone within this, and so is what it had written. */
const signalPauseMs = 1_000;
/** Another program may take the port between our look and OpenCode's start. */
const portTries = 3;
/** Enough of the error output to explain a failed start. */
const keptOutputChars = 4_000;

/**
 * Starts OpenCode and resolves when it answers. Rejects with its last output (secrets replaced) when it does not start.
 */
export const startOpenCode = async ({
  prepared,
  means,
  clock = systemClock,
}: {
  prepared: PreparedOpenCode;
  clock?: Clock;
  /** Found out when not given. */
  means?: ContainmentMeans;
}): Promise<OpenCodeProcess> => {
  const offered = means ?? (await containmentMeans());
  for (let attempt = 1; ; attempt++) {
    // With port 0 OpenCode takes 4096 first, the port of a person's own OpenCode.
    const port = await probePort('127.0.0.1', 0);
    const serving = [prepared.binary, 'serve', '--hostname', '127.0.0.1', '--port', String(port)];
    const command = await shown(serving, prepared, offered);
    try {
      return await launch(prepared, command, offered, clock);
    } catch (error) {
      const portTaken = error instanceof Error && error.message.includes('ServeError');
      if (!portTaken || attempt === portTries) throw error;
    }
  }
};

/** With what it sees. Rejects where this machine can't do what was prepared. */
const shown = async (
  command: string[],
  { cover, view }: PreparedOpenCode,
  { mounts }: ContainmentMeans,
): Promise<string[]> => {
  if (view) return inOwnView(command, view);
  if (cover === null) return command;
  if (mounts) return covered(command, cover, mounts);
  throw new Error('No mount namespace can be made here, so that OpenCode would see what agents write.');
};

const launch = async (
  prepared: PreparedOpenCode,
  command: string[],
  means: ContainmentMeans,
  clock: Clock,
): Promise<OpenCodeProcess> => {
  const { cwd, env } = prepared;
  let output = '';
  try {
    const child = await startChild({ command, cwd, env, output: 'pipes', session: 'own', tie: means, report: true });
    const exited = exitOf(child, clock);
    const { stdout, stderr } = child;
    if (stdout === null || stderr === null) throw new Error('it was started without pipes');
    stderr.on('data', (piece: Buffer) => {
      output = (output + piece.toString()).slice(-keptOutputChars);
    });
    try {
      const url = await listeningUrl(stdout, clock);
      stdout.resume(); // never read again, but an unread pipe would stop OpenCode once it is full
      const version = await answeringVersion(url, basicAuthorization({ username, password: prepared.password }), clock);
      if (version !== prepared.version) throw new Error(`OpenCode says it is ${version}, not ${prepared.version}`);
      return running(child, exited, { url, version, prepared, clock });
    } catch (error) {
      await end(child, exited, clock);
      // Its last words may still be in the pipe.
      if (!stderr.closed) await settles(clock, once(stderr, 'close'), signalPauseMs);
      throw error;
    }
  } catch (error) {
    const said = prepared.secrets.reduce((text, secret) => text.replaceAll(secret, '[secret]'), output.trim());
    throw new Error(`OpenCode did not start: ${error instanceof Error ? error.message : error}. It said: ${said}`, {
      cause: error,
    });
  }
};

const exitOf = async ({ exited, report, contained }: Child, clock: Clock): Promise<OpenCodeExit> => {
  let stats = '';
  report?.on('data', (piece: Buffer) => {
    stats += piece.toString();
  });
  const reported = report ? once(report, 'close') : Promise.resolve();
  const exit = await exited;
  // Everyone who could write to it is gone; what was written may still be in the pipe.
  await settles(clock, reported, signalPauseMs);
  return { ...exit, left: stats === '' ? null : namesLeft(stats, contained.depth - 1) };
};

const running = (
  child: Child,
  exited: Promise<OpenCodeExit>,
  {
    url,
    version,
    prepared: { password },
    clock,
  }: { url: string; version: string; prepared: PreparedOpenCode; clock: Clock },
): OpenCodeProcess => {
  let stopping: Promise<OpenCodeExit> | undefined;
  const stop = async (): Promise<OpenCodeExit> => {
    try {
      const headers = { authorization: basicAuthorization({ username, password }), connection: 'close' };
      await fetch(`${url}/global/dispose`, { method: 'POST', headers, signal: AbortSignal.timeout(disposeLimitMs) });
    } catch {
      // Hung or gone already: it is ended either way, and the next start finds its turns interrupted.
    }
    return end(child, exited, clock);
  };
  return {
    url,
    username,
    password,
    instance: randomUUID(),
    pid: child.pid,
    version,
    notGuaranteed: child.contained.notGuaranteed,
    exited,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
};

/**
 * Ends OpenCode, upon which its namespace says what else is there and ends; else the namespace through its first
 * process. unshare waits for that one, and the kernel reports its death only after every other process inside is gone,
 * so that `exited` means all of it.
 */
const end = async (child: Child, exited: Promise<OpenCodeExit>, clock: Clock): Promise<OpenCodeExit> => {
  const { pid, contained } = child;
  if (contained.namespace) {
    const command = await descendant(pid, contained.depth);
    if (command !== undefined) {
      signalProcess(command, 'SIGKILL');
      if (await settles(clock, exited, signalPauseMs)) return exited;
    }
    const first = await descendant(pid, 1);
    if (first === undefined) child.kill();
    else signalProcess(first, 'SIGKILL');
    return exited;
  }
  // Its whole process group. Other signals it ignores, and ends no better by (opencode §2.4).
  signalProcess(-pid, 'SIGKILL');
  return exited;
};

/**
 * Pid, as seen from here, of the first child's first child, and so on for `depth` generations; undefined when there is
 * none.
 */
const descendant = async (holder: number, depth: number): Promise<number | undefined> => {
  let pid = holder;
  try {
    for (let generation = 0; generation < depth; generation++) {
      const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
      pid = Number(children.trim().split(' ')[0]);
      if (!(pid > 0)) return undefined;
    }
    return pid;
  } catch {
    return undefined; // It is gone, or this kernel lists no children: killing the holder ends the namespace too.
  }
};

const settles = async (clock: Clock, promise: Promise<unknown>, withinMs: number): Promise<boolean> => {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const cancel = clock.after(withinMs, () => resolve(false));
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    cancel();
  }
};
