// Open Agent as a person starts it: the bootstrap script in an environment of its own, and what it prints.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { identityOf, isAlive, type ProcessIdentity } from '../../host-agent/process/identity.ts';
import { processIdentity } from '../../host-agent/process/identity-record.ts';

const bootstrap = join(import.meta.dirname, '..', '..', 'host-agent', 'launcher', 'bootstrap.mjs');

/** A fresh working directory; remove it when the test is done. */
export const freshWorkingDir = () => {
  const path = mkdtempSync(join(tmpdir(), 'openagent-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};

export type Launched = ReturnType<typeof launch>;

/** Starts `openagent up`, or another command, with a free port and nothing of this machine's environment but PATH. */
export const launch = (workingDir: string, environment: Record<string, string> = {}, args: string[] = ['up']) => {
  const env = { PATH: process.env.PATH ?? '', HOME: workingDir, WORKING_DIR: workingDir, PORT: '0', ...environment };
  const child = spawn(process.execPath, [bootstrap, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const look of waiting) look();
    });
  }
  const ended = once(child, 'close').then(([code]: (number | null)[]) => {
    for (const look of waiting) look();
    return code ?? null;
  });

  /** Resolves with the first match in what was printed; rejects when the process ends without it. */
  const printed = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(output);
        if (!match) return;
        waiting.delete(look);
        resolve(match);
      };
      waiting.add(look);
      look();
      void ended.then(() => reject(new Error(`ended without printing ${pattern}:\n${output}`)));
    });

  return {
    pid: child.pid ?? 0,
    printed,
    output: () => output,
    /** Its address, once it is ready. */
    ready: async () => (await printed(/Open Agent is ready at (\S+)/))[1] ?? '',
    /** Exit code, once it and its output have ended. */
    ended,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    processes: () => readProcesses(workingDir),
  };
};

/** The launcher and its children as the launcher recorded them. */
const readProcesses = (workingDir: string): Record<string, ProcessIdentity> =>
  z
    .record(z.string(), processIdentity)
    .parse(JSON.parse(readFileSync(join(workingDir, '.openagent', 'processes.json'), 'utf8')));

/** Identities of a process and everything below it, now. */
export const processTree = (pid: number): ProcessIdentity[] => {
  const identity = identityOf(pid);
  if (!identity) return [];
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );
  return [identity, ...children.flatMap(processTree)];
};

export const alive = (processes: ProcessIdentity[]): number[] => processes.filter(isAlive).map(({ pid }) => pid);
