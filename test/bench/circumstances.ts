// What a reader has to know of the machine and the program to compare one run with another.
import { execFile } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { packageRoot } from '../../host-agent/launcher/package-root.ts';

const run = promisify(execFile);

/** The commit, with `-dirty` where files differ from it; a tree without git is a package. */
const commit = (): Promise<string> =>
  run('git', ['--no-optional-locks', 'describe', '--always', '--dirty', '--abbrev=7'], { cwd: packageRoot() }).then(
    ({ stdout }) => stdout.trim(),
    () => 'no commit',
  );

export const circumstances = async () => ({
  at: new Date().toISOString(),
  commit: await commit(),
  cpus: cpus().length,
  model: cpus()[0]?.model ?? '',
  memoryBytes: totalmem(),
  loadAtStart: loadavg()[0] ?? 0,
});
