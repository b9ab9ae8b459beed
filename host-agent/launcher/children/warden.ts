import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configPlace } from '../../config/settings.ts';
import { passedToTools } from '../../opencode/process/environment.ts';
import { nodeCommand, smallYoungHeap } from '../../process/node-command.ts';
import { ownHome, type WardenConfig } from '../../warden/config.ts';
import type { Boundary } from '../state/boundary.ts';
import type { Start } from '../state/start.ts';
import { spawnTied } from './children.ts';
import type { Role } from './supervise.ts';

/** Time for the warden to finish what it was asked. */
const graceMs = 3_000;

/** More than a build with many threads has, and far less than a machine can hold. */
const maxTasks = 4_096;

/**
 * The warden as a supervised child. Whoever needs it waits until it answers, so it is up at once. `script` has the
 * commands `warden-child` and `actor-child`. What agents run has the environment that it is given here.
 */
export const wardenRole = (start: Start, script: string, { user }: Extract<Boundary, { kind: 'places' }>): Role => ({
  name: 'warden',
  start: async () => {
    const { settings, means, clock, lock } = start;
    const program = realpathSync(script);
    const [command, ...args] = nodeCommand(smallYoungHeap);
    const config: WardenConfig = {
      directory: settings.files.warden,
      places: settings.files.places,
      workingDir: settings.workingDir,
      programs: [process.execPath, ...librariesOf(program)],
      hidden: [configPlace(settings.environment).config.path],
      actor: [...nodeCommand(smallYoungHeap), program, 'actor-child', ownHome],
      maxTasks,
      user,
    };
    const child = await spawnTied({
      command,
      args: [...args, program, 'warden-child', JSON.stringify(config)],
      // Node's own requests go by a proxy that the environment names only where this says so; commands do not see it.
      env: { ...passedToTools(settings.environment), NODE_USE_ENV_PROXY: '1' },
      logFile: start.logFileOf('warden'),
      means: { ...means, pidNamespace: false },
      stopSignal: 'SIGUSR2',
      graceMs,
      clock,
    });
    await lock.record('warden', child.pid);
    return child;
  },
});

/** Its directory, and what Node looks for above it. */
const librariesOf = (program: string): string[] => {
  const found = [dirname(program)];
  for (let at = dirname(program); at !== '/'; at = dirname(at))
    for (const name of ['package.json', 'node_modules']) if (existsSync(join(at, name))) found.push(join(at, name));
  return found;
};
