/** The commands for the Open Agent of this machine: to run it, and to look after it. */
import { type Command, InvalidArgumentError } from 'commander';
import { terminalTable } from '../config/table.ts';
import { ended, type Run } from './ended.ts';
import { start, startUp } from './start.ts';

const configured = (): string => `
Configured by environment variables, or by NAME=value lines in {WORKING_DIR}/.openagent/openagent.env;
the environment wins.\n\n${terminalTable()}`;

/** Adds up, status, stop, logs and dev. */
export const addLauncherCommands = (program: Command, run: Run, environment: NodeJS.ProcessEnv): void => {
  program
    .command('up')
    .summary('run Open Agent on this machine: edge, host-agent and OpenCode')
    .description(
      'Run Open Agent on this machine until SIGINT, SIGTERM or SIGHUP. State is kept, and a later start continues with it.',
    )
    .option('--detach', 'in the background, in a session of its own: waits until it is ready or has failed')
    .addHelpText('after', configured)
    .action(({ detach }) =>
      run(() =>
        detach
          ? start(async () => {
              const { detach: inBackground } = await import('../machine/background.ts');
              return () => inBackground(environment);
            }, environment)
          : startUp(environment),
      ),
    );

  program
    .command('status')
    .summary('say what runs')
    .description(
      'Say what runs on this WORKING_DIR: since when, where, edge, host-agent, OpenCode and the missions at work.\n' +
        'Exits 0 when it runs and 3 when it does not.',
    )
    .option('--json', 'as one JSON object')
    .action((options) =>
      run(() => ended(async () => (await import('../machine/background.ts')).status(options, environment))),
    );

  program
    .command('stop')
    .summary('end it')
    .description(
      'Stop the Open Agent of this WORKING_DIR in order, whether it runs in the background or in a terminal, and wait until it is ' +
        'gone. Turns at work are interrupted and can be resumed. As a unit of systemd, stop the unit: it would be started again.',
    )
    .action(() => run(() => ended(async () => (await import('../machine/background.ts')).stop(environment))));

  program
    .command('logs')
    .summary('show what it said')
    .description("Show the end of what the start in the background printed, else of the launcher's log.")
    .option('-f, --follow', 'also what comes')
    .option('-n, --lines <n>', 'so many lines', lineCount, '50')
    .action((options) =>
      run(() => ended(async () => (await import('../machine/background.ts')).logs(options, environment))),
    );

  program
    .command('dev')
    .summary('the same as up from the sources, rebuilt on change')
    .description(
      'Run the Worker under `wrangler dev` and the host-agent from the sources, each rebuilt and restarted on change. ' +
        'State is apart from that of `up`, in {WORKING_DIR}/.openagent/dev.',
    )
    .addHelpText('after', configured)
    .action(() =>
      run(() =>
        start(async () => {
          const { dev } = await import('../launcher/dev.ts');
          return () => dev(environment);
        }, environment),
      ),
    );
};

const lineCount = (text: string): string => {
  if (/^\d{1,9}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be a whole number.');
};
