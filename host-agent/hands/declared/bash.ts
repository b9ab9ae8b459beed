import * as z from 'zod';
import { declare } from './declared.ts';

const command = z.string().min(1).describe('The command line, for bash');

export const declaredBash = declare({
  name: 'bash',
  description: `Runs a command line with bash and returns what it prints: standard output and errors together, in order.

- Use it for programs: git, package managers, builds, tests, servers. For files there are better tools: read instead of cat, grep and glob instead of grep, rg and find, edit and write instead of sed, awk and echo >.
- Every call starts in the working directory, in a new shell: \`cd\`, variables and functions do not last. For another directory give \`workdir\` instead of \`cd\`.
- Nobody can type anything: standard input is empty. Give options such as -y, --no-input or -m "message". Pagers and editors are off.
- There is no time limit unless you set \`timeout\`, in milliseconds. Set one for what may hang.
- What keeps running, such as a server, is started with \`background\`: the call returns at once with an id, bash_output reads what it prints, bash_kill ends it. A program that a command leaves running with & goes on as well, and gets an id when it prints.
- Output over 1,900 lines or 46 KB is cut in the middle; all of it (up to 32 MB) is then in a file that is named. Search or read that file instead of running the command again.
- Quote paths with spaces. Join commands that depend on each other with &&. Calls that do not depend on each other can be made at the same time.`,
  args: {
    command,
    description: z.string().optional().describe('What the command does, in five to ten words'),
    workdir: z.string().optional().describe('The directory to run it in; the working directory if absent'),
    timeout: z.number().positive().optional().describe('Ends the command after so many milliseconds'),
    background: z.boolean().optional().describe('Return at once and let it run; for servers and watchers'),
  },
});

const id = z.string().describe('The id of a command in the background, such as bash_1a2b3c');

export const declaredBashOutput = declare({
  name: 'bash_output',
  description: `Reads what a command in the background has printed since it was last read, and says whether it still runs.

- With \`filter\`, a regular expression, only the lines that match are shown; the others count as read.
- With \`wait\`, in milliseconds, it waits so long at most for something new, or for the end of the command. Use this instead of sleep.
- Without \`id\` it lists the commands in the background.`,
  args: {
    id: id.optional(),
    filter: z.string().optional().describe('A regular expression (JavaScript); only matching lines are shown'),
    wait: z.number().nonnegative().optional().describe('How long to wait for something new, in milliseconds'),
  },
});

export const declaredBashKill = declare({
  name: 'bash_kill',
  description:
    'Ends a command in the background with everything that it started, and shows the last of what it printed.',
  args: { id },
});

export const declaredWorkspaceBash = declare({
  name: 'workspace_bash',
  description: `Runs a command line in the workspace and returns its exit code, standard output and standard error, each in a section of its own.

- Every call is a new shell. There is no time limit unless you set one.
- Output over \`max_output_chars\` is cut; all of it is then in a file that is named.
- A line that would delete, walk through or overwrite the whole machine is refused.`,
  args: {
    command,
    cwd: z.string().optional().describe('The directory to run it in; the working directory if absent'),
    timeout_secs: z.number().positive().optional().describe('Ends the command after so many seconds'),
    timeout_ms: z.number().positive().optional().describe('Ends the command after so many milliseconds; comes first'),
    timeout: z.number().positive().optional().describe('The same as timeout_secs'),
    env: z.record(z.string(), z.string()).optional().describe('Environment variables to add'),
    clear_env: z.boolean().optional().describe('Only PATH and `env` are in the environment'),
    stdin: z.string().optional().describe('What the command reads'),
    shell: z.string().optional().describe('The shell; /bin/bash if absent'),
    max_output_chars: z.int().positive().max(50_000).optional().describe('10,000 if absent, 50,000 at most'),
    raw: z.boolean().optional().describe('The output alone, as it was printed, without sections'),
  },
});
