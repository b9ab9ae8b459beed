/** `openagent`: from the command line to a command. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { StartError } from './config/start-error.ts';
import { terminalTable } from './config/table.ts';
import { packageRoot } from './launcher/package-root.ts';

const overview = `openagent <command>

  up      run Open Agent on this machine: edge, host-agent and OpenCode
  dev     the same from the sources, rebuilt on change
  test    lint, types and every test
  check   lint and types

openagent <command> --help says more about one; --version shows the version.`;

const configured = `Configured by environment variables, or by NAME=value lines in {WORKING_DIR}/.openagent/openagent.env;
the environment wins.\n\n${terminalTable()}`;

const commandHelp: Record<string, string> = {
  up: `openagent up
Runs Open Agent on this machine until SIGINT or SIGTERM. State is kept, and a later start continues with it.\n\n${configured}`,
  dev: `openagent dev
Runs the Worker under \`wrangler dev\` and the host-agent from the sources, each rebuilt and restarted on change.
State is apart from that of \`up\`, in {WORKING_DIR}/.openagent/dev.\n\n${configured}`,
};

/** Runs one command line; resolves with the process's exit code. */
const main = async ([command, ...args]: string[]): Promise<number> => {
  if (args.includes('--help') || args.includes('-h')) return print(commandHelp[command ?? ''] ?? overview);
  switch (command) {
    case 'up':
      return run(async () => (await import('./launcher/up.ts')).up(process.env));
    case 'dev':
      return run(async () => (await import('./launcher/dev.ts')).dev(process.env));
    case 'agent-child':
      return run(async () => (await import('./launcher/agent-child.ts')).agentChild(args[0]));
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

/** Exit code 0 when a command ends by itself; else 1 and its error as sentences, without a stack: causes only where our own text isn't the whole story. */
const run = async (command: () => Promise<void>): Promise<number> => {
  try {
    await command();
    return 0;
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
