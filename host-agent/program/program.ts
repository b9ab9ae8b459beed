/** The one command line: what `openagent` takes, its help, and how it ends (docs/command-line.md). */
import { Command, CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { exitCode } from '../cli/exit-codes.ts';
import type { Run } from './ended.ts';
import { addLauncherCommands } from './launcher-commands.ts';
import { addMissionCommands } from './mission-commands.ts';
import { addServerCommands } from './server-commands.ts';

const projectCommands = `
In a checkout of the project, by npm or host-agent/launcher/bootstrap.mjs:
  test, check, build, pack, test-busy, test-install, soak, bench, chaos, fuzz`;

/** Runs the command line `args`; resolves with the exit code. */
export const runProgram = async (args: string[], environment: NodeJS.ProcessEnv): Promise<number> => {
  let code: number = exitCode.completed;
  const run: Run = async (command) => {
    code = await command();
  };
  const program = new Command('openagent')
    .description('Coding agents on servers of your own.')
    .version(manifest.version, '--version', 'show the version')
    .exitOverride()
    .showHelpAfterError('(--help says more)')
    .addHelpText('after', projectCommands);
  addMissionCommands(program.commandsGroup('Missions, at an edge anywhere:'), run, environment);
  addLauncherCommands(program.commandsGroup('Open Agent on this machine:'), run, environment);
  addServerCommands(program.commandsGroup('Servers of an edge:'), run, environment);

  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // It has said what is wrong, or has shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.completed : exitCode.misused;
    throw error;
  }
};
