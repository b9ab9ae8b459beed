// How long a start takes to answer its first request, which is what a person who started it waits for.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { packageRoot } from '../../../host-agent/launcher/package-root.ts';
import { probePort } from '../../../host-agent/process/probe-port.ts';
import { systemClock, wait } from '../../../shared/clock.ts';
import { apiFetch } from '../../support/declared-answer.ts';
import { freshWorkingDir } from '../../support/launched.ts';
import { atMostTimes, type Report, round } from '../figures.ts';

/** Odd, so that there is one in the middle. */
const rounds = 9;
/** Between two looks at an edge that does not answer yet: a hundredth of what is measured. */
const lookMs = 5;
/** The aim of `npm start`, in times of `npm --version`. */
const aimTimes = 3;

/**
 * `npm start` to GET /api/health, from the second start on, beside `npm --version` of the same seconds: with the npm
 * and the Node of this machine, as a person types it, and with npm under the Node that runs this.
 */
export const firstAnswer = async (report: Report): Promise<void> => {
  const path = process.env.PATH ?? '';
  const installed = join(packageRoot(), 'node_modules');
  const ofMachine = path.split(delimiter).filter((directory) => !directory.startsWith(installed));
  await measure(report, 'npm start to the first answer, as a person has it', ofMachine.join(delimiter));
  await measure(report, 'npm start to the first answer, npm under the newest Node', path);
};

const measure = async (report: Report, name: string, PATH: string): Promise<void> => {
  const directory = freshWorkingDir();
  // One port for all: a start on another one is not like the last, and has no head start.
  const port = await probePort('127.0.0.1', 0);
  const answers: number[] = [];
  const versions: number[] = [];
  const env = { PATH, HOME: directory.path };
  try {
    await startOnce(directory.path, env, port);
    for (let done = 0; done < rounds; done++) {
      versions.push(await npmVersion(env));
      answers.push(await startOnce(directory.path, env, port));
    }
  } finally {
    directory.remove();
  }
  const answer = median(answers);
  const version = median(versions);
  report({
    name: `${name}, second and later starts, median of ${rounds}`,
    value: answer,
    unit: 'ms',
    baseline: { name: 'ms npm --version', value: version },
    aim: atMostTimes(answer, version, aimTimes),
    note: `${round(answer / version)} × npm --version; npm runs under Node ${await nodeVersion(env)}`,
  });
};

const npmVersion = async (env: NodeJS.ProcessEnv): Promise<number> => {
  const begun = performance.now();
  await once(spawn('npm', ['--version'], { env, stdio: 'ignore' }), 'close');
  return performance.now() - begun;
};

const nodeVersion = async (env: NodeJS.ProcessEnv): Promise<string> =>
  (await text(spawn('node', ['--version'], { env, stdio: ['ignore', 'pipe', 'inherit'] }).stdout)).trim();

/** Milliseconds to the first answer. The round ends in order, once all of it was ready. */
const startOnce = async (workingDir: string, base: { PATH: string; HOME: string }, port: number): Promise<number> => {
  const env = {
    ...base,
    WORKING_DIR: workingDir,
    PORT: String(port),
    DASHBOARD_PASSWORD: 'correct horse battery',
  };
  const begun = performance.now();
  const child = spawn('npm', ['start'], { cwd: packageRoot(), env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const ready = new Promise<void>((resolve, reject) => {
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (said: string) => {
      output += said;
      if (output.includes('is ready at')) resolve();
    });
    void ended.then(() => reject(new Error(`npm start ended before it was ready:\n${output}`)));
  });
  const answered = untilHealthy(port, () => child.exitCode !== null).then(() => performance.now() - begun);
  await ready;
  child.kill('SIGTERM');
  await ended;
  return answered;
};

const untilHealthy = async (port: number, hasEnded: () => boolean): Promise<void> => {
  while (!hasEnded()) {
    const healthy = await apiFetch(`http://127.0.0.1:${port}/api/health`)
      .then((response) => response.text().then(() => response.ok))
      .catch(() => false); // Nothing listens yet.
    if (healthy) return;
    await wait(systemClock, lookMs);
  }
};

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
