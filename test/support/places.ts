// A real warden and real hands: places on this machine, each in namespaces of its own.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { wardenIn } from '../../host-agent/warden/client.ts';
import { ownHome, type WardenConfig } from '../../host-agent/warden/config.ts';
import { systemClock } from '../../shared/clock.ts';
import { missionId } from '../../shared/ids.ts';
import { callTool, type ToolCall } from './hands-client.ts';
import { startHandsProcess } from './hands-process.ts';

const root = join(import.meta.dirname, '../..');
const main = join(root, 'host-agent/main.ts');

interface PlacesOptions {
  /** Where WORKING_DIR is made; the machine's temporary directory if absent. */
  below?: string;
  user?: WardenConfig['user'];
  maxTasks?: number;
  /** Programs that the actor needs, and its script, where these are not the sources. */
  program?: string;
  env?: Record<string, string>;
}

/** Starts both; they and everything that they made are gone after the test. */
export const startPlaces = async (options: PlacesOptions = {}) => {
  const workingDir = realpathSync(mkdtempSync(join(options.below ?? tmpdir(), 'places-')));
  onTestFinished(() => rmSync(workingDir, { recursive: true, force: true }));
  const state = join(workingDir, '.openagent');
  mkdirSync(state, { mode: 0o700 });
  const config: WardenConfig = {
    directory: join(state, 'warden'),
    places: join(state, 'places'),
    workingDir,
    programs: [
      process.execPath,
      ...['host-agent', 'shared', 'package.json', 'node_modules'].map((name) => join(root, name)),
    ],
    hidden: [],
    actor: [process.execPath, '--no-warnings', main, 'actor-child', ownHome],
    maxTasks: options.maxTasks ?? 200,
    user: options.user ?? null,
  };
  const warden = wardenProcess(config, options.env ?? {});
  onTestFinished(() => warden.stop()); // In order, so that no group is left of it.
  const hands = await startHandsProcess({ state, warden: config.directory });
  onTestFinished(() => hands.kill());

  /** Calls a tool with everything granted that it asks for; its text. */
  const call = async (
    tool: string,
    args: ToolCall['args'],
    directory: string,
    signal?: AbortSignal,
  ): Promise<string> => {
    const name = randomUUID();
    const granted: NonNullable<ToolCall['granted']>[number][] = [];
    for (;;) {
      const { structuredContent: said } = await callTool(hands.socket, {
        ...{ tool, args, directory, call: name, granted, signal },
      });
      if (said.kind !== 'asks') return said.text;
      granted.push(...said.asks);
    }
  };

  return {
    workingDir,
    state,
    config,
    hands,
    warden,
    client: wardenIn(config.directory, systemClock),
    call,
    /** What a line prints. */
    bash: (directory: string, command: string, signal?: AbortSignal): Promise<string> =>
      call('bash', { command, description: 'x' }, directory, signal),
    /** A new mission of an owner; out: its directory. */
    mission: async (owner: string, fill: (directory: string) => void = () => undefined) => {
      const mission = missionId.parse(randomUUID());
      const directory = join(workingDir, 'workspaces', `mission-${mission.slice(0, 8)}`);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      fill(directory);
      await hands.control.register({ mission, directory, owner });
      return { mission, directory, owner };
    },
  };
};

export type PlacesOfTest = Awaited<ReturnType<typeof startPlaces>>;

const wardenProcess = (config: WardenConfig, env: Record<string, string>) => {
  let log = '';
  const launch = () => {
    const args = ['--pdeathsig', 'KILL', '--', process.execPath, '--no-warnings', main, 'warden-child'];
    const child = spawn('setpriv', [...args, JSON.stringify(config)], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    return { child, exited: once(child, 'exit') };
  };
  let current = launch();
  return {
    log: () => log,
    kill: async (): Promise<void> => {
      current.child.kill('SIGKILL');
      await current.exited;
    },
    stop: async (): Promise<void> => {
      current.child.kill('SIGUSR2');
      await current.exited;
    },
    startAgain: (): void => {
      current = launch();
    },
    /** Resolves with its exit code. */
    ended: async (): Promise<unknown> => (await current.exited)[0],
  };
};

/** Names of the processes that work in a directory or below it, as the kernel shortens them, in whatever place. */
export const processesIn = (directory: string): string[] =>
  readdirSync('/proc').flatMap((pid) => {
    try {
      if (!/^\d+$/.test(pid) || !readlinkSync(`/proc/${pid}/cwd`).startsWith(directory)) return [];
      return [readFileSync(`/proc/${pid}/comm`, 'utf8').trim()];
    } catch {
      return []; // It ended while we looked.
    }
  });
