// How long a start takes to answer its first request, which is what a person who started it waits for.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { packageRoot } from '../../../host-agent/launcher/package-root.ts';
import { probePort } from '../../../host-agent/process/probe-port.ts';
import { systemClock, wait } from '../../../shared/clock.ts';
import { apiFetch } from '../../support/declared-answer.ts';
import { freshWorkingDir } from '../../support/launched.ts';
import { atMostTimes, type Report, round } from '../figures.ts';

/** Odd, so that there is one in the middle. */
const rounds = 7;
/** Between two looks at an edge that does not answer yet: a hundredth of what is measured. */
const lookMs = 5;
/** The aim of `npm start`, in times of `npm --version`. */
const aimTimes = 3;

/** `npm start` to GET /api/health, from the second start on, beside `npm --version` of the same seconds. */
export const firstAnswer = async (report: Report): Promise<void> => {
  const directory = freshWorkingDir();
  const answers: number[] = [];
  const versions: number[] = [];
  try {
    await startOnce(directory.path);
    for (let done = 0; done < rounds; done++) {
      versions.push(await npmVersion());
      answers.push(await startOnce(directory.path));
    }
  } finally {
    directory.remove();
  }
  const answer = median(answers);
  const version = median(versions);
  report({
    name: `npm start to the first answer, second and later starts, median of ${rounds}`,
    value: answer,
    unit: 'ms',
    baseline: { name: 'ms npm --version', value: version },
    aim: atMostTimes(answer, version, aimTimes),
    note: `${round(answer / version)} × npm --version`,
  });
};

const npmVersion = async (): Promise<number> => {
  const begun = performance.now();
  await once(spawn('npm', ['--version'], { stdio: 'ignore' }), 'close');
  return performance.now() - begun;
};

/** Milliseconds to the first answer. The round ends in order, once all of it was ready. */
const startOnce = async (workingDir: string): Promise<number> => {
  const port = await probePort('127.0.0.1', 0);
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: workingDir,
    WORKING_DIR: workingDir,
    PORT: String(port),
    DASHBOARD_PASSWORD: 'correct horse battery',
  };
  const begun = performance.now();
  const child = spawn('npm', ['start'], { cwd: packageRoot(), env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const ready = new Promise<void>((resolve, reject) => {
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
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
