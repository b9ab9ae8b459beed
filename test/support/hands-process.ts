// Real hands in a state directory of their own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { handsControl } from '../../host-agent/hands/control/client.ts';
import type { HandsConfig } from '../../host-agent/hands/hands.ts';
import { handsSockets } from '../../host-agent/hands/socket.ts';
import { containmentMeans } from '../../host-agent/process/means.ts';

const main = join(import.meta.dirname, '../../host-agent/main.ts');
const testProgram = join(import.meta.dirname, 'hands-program.ts');

export interface HandsOptions {
  /** The tools of `test-tools.ts` instead of the real ones. */
  testTools?: boolean;
  /** Another program with `hands-child` and `actor-child`, such as the built one. */
  program?: string;
  /** Command line of another actor. */
  actor?: string[];
  secretFiles?: string[];
  /** Number of the group that may call tools. */
  callers?: number;
  /** Directory of the warden whose places they act in; without it they act as the user of the test. */
  warden?: string;
  /** Where hands of before were. */
  state?: string;
  env?: Record<string, string>;
}

export type HandsProcess = Awaited<ReturnType<typeof startHandsProcess>>;

/** Between two looks at hands that are being started. */
const lookMs = 20;

/** Starts them; resolves when they answer, and rejects with what they said when they end before. */
export const startHandsProcess = async (options: HandsOptions = {}) => {
  const { testTools, program = testTools ? testProgram : main, actor, secretFiles = [], warden = null, env } = options;
  const state = options.state ?? mkdtempSync(join(tmpdir(), 'hands-'));
  const node = [process.execPath, '--no-warnings', '--max-semi-space-size=1'];
  const config: HandsConfig = {
    directory: join(state, 'hands'),
    secretFiles,
    secretFolders: [],
    actor: actor ?? [...node, program, 'actor-child'],
    means: await containmentMeans(),
    warden,
    callers: options.callers ?? null,
  };
  // As the launcher does it: they end with whoever started them.
  const tied = config.means.setpriv ? ['setpriv', '--pdeathsig', 'KILL', '--'] : [];
  const [file = '', ...args] = [...tied, ...node, program, 'hands-child', JSON.stringify(config)];
  const child = spawn(file, args, {
    env: { PATH: process.env.PATH ?? '', HOME: state, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const exited = once(child, 'exit');
  const closed = once(child, 'close');
  const control = handsControl(config.directory);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  const isThere = (): Promise<boolean> =>
    control.health().then(
      ({ pid }) => pid === child.pid,
      () => false,
    );
  while (!(await isThere())) {
    if (child.exitCode !== null) {
      await closed;
      throw new Error(`the hands ended:\n${log}`);
    }
    await pause(lookMs);
  }
  return {
    state,
    config,
    control,
    socket: handsSockets(config.directory).calls,
    pid: child.pid ?? 0,
    log: () => log,
    /** Pid of the actor that was started last. */
    actor: (): number => Number([...log.matchAll(/"actor.started","pid":(\d+)/g)].at(-1)?.[1] ?? 0),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGUSR2'),
    /** A mission with a directory of its own; out: its path. */
    mission: async (mission: string, owner = 'ada'): Promise<string> => {
      const directory = join(state, mission);
      mkdirSync(directory, { recursive: true });
      await control.register({ mission, directory, owner });
      return directory;
    },
    close: async (): Promise<void> => {
      await end('SIGKILL');
      rmSync(state, { recursive: true, force: true });
    },
  };
};
