/** The commands of a person who uses an edge: what they take and how they end. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { exitCodeOf } from '../cli/exit-codes.ts';
import { addChangeCommands, missionId } from './change-commands.ts';
import { ended, type Run } from './ended.ts';

const exitCodes = `
Exit codes:
  0    done; the turn completed
  1    the turn failed or was cancelled or interrupted, the mission is blocked, or the edge refused what was asked
  2    the command can't be understood, or the message can't be sent as it is
  3    not logged in, or not allowed
  4    the edge can't be reached
  130  Ctrl-C: the mission goes on`;

const statuses = ['active', 'completed', 'failed', 'interrupted', 'blocked', 'not_feasible'];

/** Adds login, logout, run, missions, show, cancel, delete, trash, restore, answer, quotas, retention, changes … */
export const addMissionCommands = (program: Command, run: Run, environment: NodeJS.ProcessEnv): void => {
  const add = (name: string, summary: string, description: string): Command =>
    program.command(name).summary(summary).description(description).addHelpText('after', exitCodes);
  const end = (command: () => Promise<unknown>) => run(() => ended(command, exitCodeOf));
  const withEdge = (command: Command): Command =>
    command
      .addOption(new Option('--url <address>', 'the edge; else OPENAGENT_URL, else that of `openagent login`'))
      .addOption(
        new Option('--token <token>', 'a token; better in OPENAGENT_TOKEN, as arguments can be read by others'),
      );

  add(
    'login',
    'log in at an edge, for the commands below',
    'Log in at an edge and keep the token, readable by you alone, in $XDG_CONFIG_HOME/openagent/login.json.',
  )
    .argument('[address]', 'the edge, for example https://agents.example.com; else the one of this machine')
    .option('--url <address>', 'the same as an option')
    .option('--user <name>', 'who you are, where the edge has several users; else it is asked for')
    .addHelpText(
      'after',
      '\nThe password is asked for, or taken from standard input or OPENAGENT_PASSWORD; never from an argument.',
    )
    .action((address, options) =>
      end(async () => (await import('../cli/login/login.ts')).login(address, options, environment)),
    );

  add('logout', 'end that login', 'End the login that `openagent login` keeps, at its edge and on this machine.')
    .option('--everywhere', 'end all your logins at that edge, on other machines and in apps too')
    .addOption(new Option('--user <id>', 'as an admin: end all logins of this user instead').conflicts('everywhere'))
    .action((options) => end(async () => (await import('../cli/login/login.ts')).logout(options, environment)));

  withEdge(
    add(
      'run',
      'say something to an agent, and show the answer as it comes',
      'Say something to an agent in a new mission, and show the answer as it comes.',
    ),
  )
    .argument('[message...]', 'what to say; text on standard input is put behind it')
    .option('--mission <id>', 'go on with this mission instead; the beginning of its id is enough')
    .option('--title <text>', 'title of the new mission')
    .option('--model <model>', 'model of the new mission, as provider/model')
    .option('--agent <name>', "OpenCode's agent")
    .option('--workspace <id>', 'workspace of the new mission, and so its server')
    .option('--follow', 'show what happens until the answer is there (that is the default)')
    .option('--detach', "print the mission's id and leave as soon as the message is taken in")
    .option('--verbose', 'show reasoning and tools on standard error, also where it is no terminal')
    .option('--json', 'print one JSON object a line, as docs/command-line.md says')
    .addHelpText('after', runNotes)
    .action((words, options) =>
      end(async () => (await import('../cli/missions/run.ts')).run(words, options, environment)),
    );

  withEdge(add('missions', 'list your missions', 'List your newest missions, the one that changed last first.'))
    .addOption(new Option('--status <status>', 'only those with this status').choices(statuses))
    .option('--limit <n>', 'at most so many, of the newest 500', wholeNumber, 20)
    .option('--json', 'print each as a JSON object on a line')
    .action((options) => end(async () => (await import('../cli/missions/list.ts')).listMissions(options, environment)));

  withEdge(add('show', 'show what was said in a mission; --follow shows it live', 'Show what was said in a mission.'))
    .addArgument(missionId())
    .option('--follow', 'and what is being said, until nothing runs or waits there')
    .option('--verbose', 'with reasoning and tools, also where standard error is no terminal')
    .option('--json', 'print one JSON object a line, as `openagent run --json` does')
    .action((id, options) => end(async () => (await import('../cli/missions/show.ts')).show(id, options, environment)));

  withEdge(
    add(
      'cancel',
      'end what runs in a mission',
      'End what runs in a mission. What was said and done stays, and it can be gone on with.',
    ),
  )
    .addArgument(missionId())
    .action((id, options) =>
      end(async () => (await import('../cli/missions/cancel.ts')).cancel(id, options, environment)),
    );

  addChangeCommands({ add, withEdge, end, environment });

  withEdge(
    add(
      'delete',
      'delete a mission',
      'Delete a mission. Where the edge keeps deleted ones, it can be had back for a while.',
    ),
  )
    .addArgument(missionId())
    .action((id, options) =>
      end(async () => (await import('../cli/missions/trash.ts')).remove(id, options, environment)),
    );

  withEdge(add('trash', 'list deleted missions', 'List deleted missions that can be had back, the last deleted first.'))
    .option('--json', 'print each as a JSON object on a line')
    .action((options) => end(async () => (await import('../cli/missions/trash.ts')).listTrash(options, environment)));

  withEdge(add('restore', 'have a deleted mission back', 'Have a deleted mission back, without what waited in it.'))
    .addArgument(missionId())
    .action((id, options) =>
      end(async () => (await import('../cli/missions/trash.ts')).restore(id, options, environment)),
    );

  withEdge(add('answer', 'answer an agent that asks', 'Answer an agent that asks; without an id, list what is asked.'))
    .argument('[id]', 'of the question or permission')
    .argument('[answers...]', 'a label or text for each question; once, always or reject to a permission')
    .option('--reject', 'answer nothing: a turn stops there')
    .option('--message <text>', 'with a rejected permission: what to do instead; then the agent goes on')
    .action((id, given, options) =>
      end(async () => (await import('../cli/missions/answer.ts')).answer(id, given, options, environment)),
    );

  withEdge(
    add(
      'quotas',
      'show how much of a server you may have, and how much you do',
      'Show how much of a server you may have at a time, and how much of it you do. An admin changes it, for everybody or ' +
        'for one user: docs/quotas.md.',
    ),
  )
    .argument('[changes...]', 'name=number or name=default')
    .option('--of <user>', 'of this user, by id; only for admins')
    .option('--json', 'print each as a JSON object on a line')
    .action((changes, options) =>
      end(async () => (await import('../cli/quotas.ts')).showQuotas(changes, options, environment)),
    );

  withEdge(
    add(
      'forward',
      'reach a port of a workspace by one of this machine',
      'Listen on a port of this machine, on loopback, and carry its connections to a port that your agents or commands ' +
        'listen on in a workspace. Ports of other users and of Open Agent are not reached. Runs until Ctrl-C.',
    ),
  )
    .argument('<workspace>', 'its name or id')
    .argument('<port>', 'the port in the workspace')
    .option('--local <port>', 'the port of this machine, 0 for any that is free; else the same')
    .action((workspace, port, options) =>
      end(async () => (await import('../cli/forward.ts')).forward(workspace, port, options, environment)),
    );

  withEdge(
    add(
      'retention',
      'show or set for how long a server keeps what happened',
      'Show, or set, for how long a server keeps what happened in its missions; for admins. By default it keeps everything. ' +
        'What leaves goes to the archive of the edge, where it has one, or is gone: docs/configuration.md.',
    ),
  )
    .argument('<server>', 'its name or id')
    .option('--days <number>', 'turns that ended longer ago leave')
    .option('--bytes <number>', 'above so many bytes the oldest turns leave')
    .option('--keep', 'keep everything')
    .option('--mission <id>', 'of this mission alone, by its whole id')
    .option('--inherit', "take the mission's own rule back")
    .option('--json', 'print it as a JSON object')
    .action((server, options) =>
      end(async () => (await import('../cli/retention.ts')).showRetention(server, options, environment)),
    );
};

const runNotes = `
Ctrl-C leaves the mission running, and says how to follow or cancel it. A lost connection is made again, and nothing is shown twice
or missed. Text of the agent goes to standard output; control characters in it are shown as signs.

Examples:
  openagent run "Fix the failing test" --workspace 5b2c…
  journalctl -u web | tail -n 500 | openagent run "Why does it restart?"
  openagent run --mission 1312c035 "And now document it"
  id=$(openagent run --detach "Update the dependencies"); openagent show "$id" --follow`;

const wholeNumber = (text: string): number => {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1.');
};
