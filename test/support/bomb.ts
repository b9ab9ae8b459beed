// A program for a group of processes with a bound (task-limit.ts): runs an agent's fork bomb, cancels its turn when the
// group is full, and says what is left of it.
import { readdirSync, readFileSync } from 'node:fs';
import { makeCommands } from '../../host-agent/hands/commands/commands.ts';
import { bashTool } from '../../host-agent/hands/tools/bash.ts';
import { systemClock } from '../../shared/clock.ts';
import { tasksHere } from './task-limit.ts';
import { callGranting, situationIn } from './tool-call.ts';

const [directory = '', full = '', line = ''] = process.argv.slice(2);
/** Those that live: zombies only wait to be reaped. */
const processes = (): number => readdirSync('/proc').filter((name) => /^\d+$/.test(name) && lives(name)).length;
const lives = (pid: string): boolean => {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false; // It ended while we looked.
  }
};

const commands = makeCommands(process.env);
const turn = new AbortController();
// What is needed before the group is full is made before: the pipe, and what takes lines apart.
await callGranting(bashTool(commands), { command: 'true' }, situationIn(directory));
const before = processes();
const watch = setInterval(() => {
  if (tasksHere() >= Number(full)) turn.abort(new Error('cancelled'));
}, 10);
const outcome = await callGranting(
  bashTool(commands),
  { command: line },
  situationIn(directory, { signal: turn.signal }),
)
  .then(({ kind }) => kind)
  .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
clearInterval(watch);
const left = processes() - before;
await commands.endAll(systemClock);
process.stdout.write(JSON.stringify({ outcome, left }));
