/** `openagent up --detach` and what goes with it: `status`, `stop`, `logs`. */

import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import manifest from '../../package.json' with { type: 'json' };
import { systemClock, wait } from '../../shared/clock.ts';
import { readSettings } from '../config/settings.ts';
import { StartError } from '../config/start-error.ts';
import type { StateFiles } from '../config/state-files.ts';
import { say } from '../launcher/say.ts';
import { readEnrolment } from '../launcher/state/enrolment.ts';
import { runProgram, startChild } from '../process/child.ts';
import { isAlive } from '../process/identity.ts';
import { nodeCommand } from '../process/node-command.ts';
import { privateDirectory } from '../process/private-file.ts';
import { countLiveTurns } from '../store/live-turns.ts';
import { runningSystem } from './running.ts';

/** What a start in the background prints. */
const outputOf = (files: StateFiles): string => join(files.logs, 'up.log');

/** Starts `openagent up` in a session of its own; resolves with the exit code once it is ready, or has failed. */
export const detach = async (environment: NodeJS.ProcessEnv): Promise<number> => {
  const { files } = readSettings(environment);
  const output = outputOf(files);
  await privateDirectory(files.logs);
  const begin = existsSync(output) ? statSync(output).size : 0;
  const child = await startChild({
    command: [...nodeCommand(), process.argv[1] ?? '', 'up'],
    env: environment,
    output: { file: output },
    session: 'own',
    tie: null,
    messages: true,
  });
  // What it has to say at the end of its start comes this way: a password that is shown once belongs into no file.
  const ready = child.message.then((lines) => z.array(z.string()).parse(lines));
  const lines = await Promise.race([ready, child.exited.then(() => undefined)]);
  if (!lines) {
    const said = readFileSync(output).subarray(begin).toString();
    throw new StartError(`Open Agent did not start. It said (${output}):\n${tail(said, failedLines)}`);
  }
  for (const line of lines) say(line);
  say(`It runs in the background (process ${child.pid}); \`openagent status\`, \`logs\` and \`stop\` go with it.`);
  child.letGo();
  return 0;
};

const failedLines = 20;

const tail = (text: string, lines: number): string => text.trimEnd().split('\n').slice(-lines).join('\n');

/** Exit code of systemd's convention for a program that does not run. */
const notRunning = 3;
/** A healthy edge answers at once; a busy machine may take a moment. */
const answerMs = 5_000;

/** Says what runs, for people or as JSON; resolves with 0 when it does, else 3. */
export const status = async ({ json }: { json?: boolean }, environment: NodeJS.ProcessEnv): Promise<number> => {
  const { files, workingDir } = readSettings(environment);
  const running = await runningSystem(files);
  const url = running && (await readEnrolment(files.host))?.url;
  const whether = (name: string): string | null =>
    running ? (running.children.includes(name) ? 'runs' : 'does not run') : null;
  const asUser = (name: string): string => {
    const user = running?.users[name];
    return user === undefined ? '' : user === 0 ? ' as root' : ` as the user ${user}`;
  };
  const found = {
    running: running !== undefined,
    working_dir: workingDir,
    version: manifest.version,
    pid: running?.launcher.pid ?? null,
    since: running ? new Date(running.since).toISOString() : null,
    url: url ?? null,
    edge: url === undefined ? null : (await answers(url)) ? 'answers' : 'does not answer',
    opencode: whether('opencode'),
    hands: whether('hands'),
    warden: whether('warden'),
    host_agent: whether('host-agent'),
    users: running?.users ?? {},
    missions_at_work: running && existsSync(files.store) ? countLiveTurns(files.store) : 0,
  };
  if (json) say(JSON.stringify(found));
  else if (!running) say(`Open Agent does not run on ${workingDir}.`);
  else {
    say(`Open Agent ${found.version} runs on ${workingDir} since ${found.since} (process ${found.pid}).`);
    say(`  edge        ${found.edge}: ${found.url}${asUser('edge')}`);
    say(`  host-agent  ${found.host_agent}${asUser('host-agent')}`);
    say(`  OpenCode    ${found.opencode}${asUser('opencode')}`);
    say(`  hands       ${found.hands}${asUser('hands')}`);
    say(`  warden      ${found.warden}${asUser('warden')}`);
    say(`  missions    ${found.missions_at_work} at work`);
  }
  return running ? 0 : notRunning;
};

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/api/health`, { signal: AbortSignal.timeout(answerMs), headers: { connection: 'close' } })
    .then((response) => response.ok)
    .catch(() => false);

/** Between two looks at a process that ends. */
const lookMs = 50;
/** The launcher ends within 10 s of a signal; the rest is for a machine that is busy. */
const endsWithinMs = 60_000;

/** Stops the Open Agent of this state directory, however it was started; resolves when it is gone. */
export const stop = async (environment: NodeJS.ProcessEnv): Promise<void> => {
  const { files, workingDir } = readSettings(environment);
  const running = await runningSystem(files);
  if (!running) return say(`Open Agent does not run on ${workingDir}: nothing to stop.`);
  const { launcher, children } = running;
  process.kill(launcher.pid, 'SIGTERM');
  const givenUpAt = systemClock.steadyMs() + endsWithinMs;
  while (isAlive(launcher)) {
    if (systemClock.steadyMs() > givenUpAt)
      throw new StartError(`Process ${launcher.pid} does not end. See ${files.logs}`);
    await wait(systemClock, lookMs);
  }
  say(`Stopped Open Agent on ${workingDir} (process ${launcher.pid}) with ${children.join(', ') || 'nothing else'}.`);
};

/** Shows what the last start in the background printed, and with `follow` what comes. */
export const logs = async (
  { follow = false, lines }: { follow?: boolean; lines: string },
  environment: NodeJS.ProcessEnv,
): Promise<number> => {
  const { files } = readSettings(environment);
  const path = [outputOf(files), join(files.logs, 'launcher.log')].find(existsSync);
  if (!path) throw new StartError(`There are no logs in ${files.logs}: Open Agent was never started there.`);
  const { code } = await runProgram({
    command: ['tail', '-n', lines, ...(follow ? ['-F'] : []), '--', path],
    env: process.env,
    output: 'ours',
  });
  return code ?? 0;
};
