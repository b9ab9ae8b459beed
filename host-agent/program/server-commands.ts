/** The commands for servers of an edge: of an admin, and of the machine that is one. */
import type { Command } from 'commander';
import { exitCodeOf } from '../cli/exit-codes.ts';
import { ended, type Run } from './ended.ts';
import { start } from './start.ts';

/** Adds hosts, enroll, agent, opencode, doctor and update. */
export const addServerCommands = (program: Command, run: Run, environment: NodeJS.ProcessEnv): void => {
  addHosts(program, run, environment);

  program
    .command('enroll')
    .summary('make this machine a server of an edge elsewhere')
    .description(
      'Make this machine a server of the edge at <url>, by a one-use code that an admin makes with `openagent hosts add`. ' +
        'The credential is written to {WORKING_DIR}/.openagent/host.json; then `openagent agent` runs the server. On a server of ' +
        'that edge it renews the credential, and the old one ends at once.',
    )
    .argument('<url>', 'address of the edge')
    .argument('[code]', 'without it, it is asked for')
    .option('--name <name>', 'what the edge calls this server where the admin gave no name; else the host name')
    .option('--replace', "give up this machine's enrolment at another edge, or one that the edge has forgotten")
    .action((url, code, options) =>
      run(() =>
        ended(async () => (await import('../machine/enroll.ts')).enroll({ url, code, ...options }, environment)),
      ),
    );

  program
    .command('agent')
    .summary('run a server of an edge elsewhere: host-agent and OpenCode')
    .description(
      'Run a server of an edge elsewhere until SIGINT, SIGTERM or SIGHUP: OpenCode and the host-agent, which dials the edge that ' +
        '`openagent enroll` wrote down. Configured as `openagent up` is, without what concerns its edge.',
    )
    .option('--without-opencode', 'the host-agent alone, beside an `openagent opencode` of its own')
    .action(({ withoutOpencode }) =>
      run(() =>
        start(async () => {
          const { agentOnly } = await import('../launcher/agent-only.ts');
          return () => agentOnly(environment, { withOpenCode: !withoutOpencode });
        }, environment),
      ),
    );

  program
    .command('opencode')
    .summary('run OpenCode alone, beside `openagent agent --without-opencode`')
    .description('Run OpenCode alone, so that the host-agent may be restarted and updated while turns run.')
    .option('--state', 'start nothing; say whether the OpenCode that runs is the installed one: same, idle or busy')
    .action(({ state }) =>
      run(() =>
        state
          ? ended(async () => {
              const said = await (await import('../launcher/state/opencode-state.ts')).openCodeState(
                environment,
                process.argv[1] ?? '',
              );
              process.stdout.write(`${said}\n`);
            })
          : start(async () => {
              const { openCodeUnit } = await import('../launcher/opencode-unit.ts');
              return () => openCodeUnit(environment);
            }, environment),
      ),
    );

  program
    .command('doctor')
    .summary('say what works on this machine, and what to install')
    .description(
      'Say what works on this machine, what is missing, what does not work without it and how to get it. Changes nothing.\n' +
        'Exits 0 when everything that is required is there.',
    )
    .option('--url <address>', 'asks about this edge instead of the one that this machine is enrolled at')
    .action((options) =>
      run(() => ended(async () => (await import('../machine/doctor.ts')).doctor(options, environment))),
    );

  program
    .command('update')
    .summary('bring this server to the version of its edge')
    .description(
      "Install the version that this server's edge serves beside the one in use, and restart the host-agent with it. Turns go on; " +
        'OpenCode is restarted only when its own version changed and no turn runs.',
    )
    .action(() => run(() => ended(async () => (await import('../machine/update.ts')).update(environment))));
};

const addHosts = (program: Command, run: Run, environment: NodeJS.ProcessEnv): void => {
  const end = (command: () => Promise<unknown>) => run(() => ended(command, exitCodeOf));
  const hosts = program
    .command('hosts')
    .summary('add, list or remove the servers of an edge')
    .description('The servers of an edge, for its admin.')
    .option('--url <address>', 'the edge; without it the one this machine belongs to')
    .option('--user <name>', 'who you are, where the edge has several users')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', '\nThe password is taken from OPENAGENT_PASSWORD, or asked for on standard input.');

  hosts
    .command('add')
    .description('Make a one-use code by which a new server joins.')
    .argument('[name]', 'what the server is called')
    .action((name, _options, command: Command) =>
      end(async () => (await import('../cli/hosts.ts')).addHost(name, command.optsWithGlobals(), environment)),
    );
  hosts
    .command('list')
    .description('List the servers, and whether they are connected.')
    .action((_options, command: Command) =>
      end(async () => (await import('../cli/hosts.ts')).listHosts(command.optsWithGlobals(), environment)),
    );
  hosts
    .command('remove')
    .description(
      'Remove a server: its credential ends at once, what runs there is interrupted, and its missions can still be read.',
    )
    .argument('<server>', 'its name or id, as `openagent hosts list` has both')
    .action((server, _options, command: Command) =>
      end(async () => (await import('../cli/hosts.ts')).removeHost(server, command.optsWithGlobals(), environment)),
    );
};
