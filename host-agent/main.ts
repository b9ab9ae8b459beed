/** `openagent`: from the command line to a command. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { systemClock } from '../shared/clock.ts';
import { cliHelp } from './cli/help.ts';
import { personCommands } from './cli/person-commands.ts';
import { StartError } from './config/start-error.ts';
import { terminalTable } from './config/table.ts';
import { packageRoot } from './launcher/package-root.ts';

const overview = `openagent <command>

${Object.entries(personCommands)
  .map(([name, what]) => `  ${name.padEnd(8)}  ${what}`)
  .join('\n')}

  up        run Open Agent on this machine: edge, host-agent and OpenCode
  status    say what runs; stop: end it; logs: show what it said
  dev       the same from the sources, rebuilt on change
  hosts     add, list or remove the servers of an edge
  enroll    make this machine a server of an edge elsewhere
  agent     run a server of an edge elsewhere: host-agent and OpenCode
  doctor    say what works on this machine, and what to install
  update    bring this server to the version of its edge
  test      lint, types and every test
  check     lint and types

openagent <command> --help says more about one; --version shows the version.`;

const configured = `Configured by environment variables, or by NAME=value lines in {WORKING_DIR}/.openagent/openagent.env;
the environment wins.\n\n${terminalTable()}`;

const commandHelp: Record<string, string> = {
  update: `openagent update
Installs the version that this server's edge serves beside the one in use, and restarts the host-agent with it. Turns go on;
OpenCode is restarted only when its own version changed and no turn runs.`,
  ...cliHelp,
  up: `openagent up [--detach]
Runs Open Agent on this machine until SIGINT, SIGTERM or SIGHUP. State is kept, and a later start continues with it.

  --detach   in the background, in a session of its own: waits until it is ready or has failed\n\n${configured}`,
  dev: `openagent dev
Runs the Worker under \`wrangler dev\` and the host-agent from the sources, each rebuilt and restarted on change.
State is apart from that of \`up\`, in {WORKING_DIR}/.openagent/dev.\n\n${configured}`,
};

/** Runs one command line; resolves with the process's exit code. */
const main = async ([command, ...args]: string[]): Promise<number> => {
  if (command !== undefined && Object.hasOwn(personCommands, command)) {
    return (await import('./cli/program.ts')).runProgram([command, ...args], process.env);
  }
  if (args.includes('--help') || args.includes('-h')) return print(commandHelp[command ?? ''] ?? overview);
  switch (command) {
    case 'up':
      if (args.some((argument) => argument !== '--detach')) {
        process.stderr.write(`\`openagent up\` takes nothing but --detach, not "${args.join(' ')}".\n`);
        return 2;
      }
      if (args.length > 0) return start(async () => (await import('./machine/background.ts')).detach(process.env));
      return start(async () => (await import('./launcher/up.ts')).up(process.env));
    case 'status':
      return run(async () => (await import('./machine/background.ts')).status(args, process.env));
    case 'stop':
      return run(async () => (await import('./machine/background.ts')).stop(args, process.env));
    case 'logs':
      return run(async () => (await import('./machine/background.ts')).logs(args, process.env));
    case 'dev':
      return start(async () => (await import('./launcher/dev.ts')).dev(process.env));
    case 'opencode':
      return run(async () => {
        if (!args.includes('--state'))
          return start(async () => (await import('./launcher/opencode-unit.ts')).openCodeUnit(process.env));
        print(await (await import('./launcher/state/opencode-state.ts')).openCodeState(process.env));
      });
    case 'update':
      return run(async () => (await import('./machine/update.ts')).update(process.env));
    case 'agent': {
      const withOpenCode = !args.includes('--without-opencode');
      return start(async () => (await import('./launcher/agent-only.ts')).agentOnly(process.env, { withOpenCode }));
    }
    case 'enroll':
      return run(async () => (await import('./machine/enroll.ts')).enroll(args, process.env));
    case 'hosts':
      return run(async () => (await import('./cli/hosts.ts')).hosts(args, process.env));
    case 'doctor':
      return run(async () => (await import('./machine/doctor.ts')).doctor(args, process.env));
    case 'place-child':
      return run(async () => (await import('./launcher/place/look-first.ts')).placeChild(args[0]));
    case 'agent-child':
      return run(async () => (await import('./launcher/children/agent-child.ts')).agentChild(args[0]));
    case '--version':
      return print(version());
    case 'help':
    case '--help':
    case '-h':
      return print(overview);
    default:
      process.stderr.write(
        `${command ? `openagent has no command "${command}".` : 'A command is missing.'}\n\n${overview}\n`,
      );
      return 2;
  }
};

const print = (text: string): number => {
  process.stdout.write(`${text}\n`);
  return 0;
};

/** The same for what works in WORKING_DIR, once that is known to be of use. */
const start = (command: () => Promise<unknown>): Promise<number> =>
  run(async () => {
    await (await import('./launcher/place/look-first.ts')).lookFirst(process.env, systemClock);
    return command();
  });

/** The command's own exit code, 0 when it has none; else 1 and its error as sentences, without a stack: causes only where our own text isn't the whole story. */
const run = async (command: () => Promise<unknown>): Promise<number> => {
  try {
    const code = await command();
    return typeof code === 'number' ? code : 0;
  } catch (error) {
    process.stderr.write(`${sentences(error)}\n`);
    return 1;
  }
};

const sentences = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined || error instanceof StartError
    ? error.message
    : `${error.message}\n  because: ${sentences(error.cause)}`;
};

const version = () =>
  z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')))
    .version;

// Not by waiting for what is still open: a command that has ended leaves nothing to wait for.
process.exit(await main(process.argv.slice(2)));
