/**
 * `openagent`: from the command line to a command. What the launcher starts, and the version, come first, so that they
 * load nothing else; all the rest, with its help, is in program/.
 */
import module from 'node:module';
import { join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import { ended } from './program/ended.ts';

// Once built, a start compiles only what the last one has not; a new build, which is another directory, begins anew.
// Where that directory can't be written, or Node is older than 22.1, it goes on without.
if (import.meta.filename.endsWith('.js')) module.enableCompileCache?.(join(import.meta.dirname, 'compile-cache'));

const [command, ...args] = process.argv.slice(2);

/** Resolves with the exit code of the process. */
const main = async (): Promise<number> => {
  switch (command) {
    case 'agent-child':
      return ended(async () => (await import('./launcher/children/agent-child.ts')).agentChild(args[0]));
    case 'hands-child':
      return ended(async () => (await import('./launcher/children/hands-child.ts')).handsChild(args[0]));
    case 'warden-child':
      return ended(async () => (await import('./launcher/children/warden-child.ts')).wardenChild(args[0]));
    case 'actor-child':
      return ended(async () => (await import('./launcher/children/actor-child.ts')).actorChild(args[0]));
    case 'place-child':
      return ended(async () => (await import('./launcher/place/place-child.ts')).placeChild(args));
    case 'up':
      // The command line and the help of all others are of no use to the start that people wait for.
      if (args.length === 0) return (await import('./program/start.ts')).startUp(process.env);
      break;
    case '--version':
      process.stdout.write(`${manifest.version}\n`);
      return 0;
  }
  return (await import('./program/program.ts')).runProgram(process.argv.slice(2), process.env);
};

// Not by waiting for what is still open: a command that has ended leaves nothing to wait for.
process.exit(await main());
