/** A command line from its start to what a model is told of it: what `bash` and its alias have in common. */
import { stat } from 'node:fs/promises';
import { constants } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import type { Exit } from '../../process/child.ts';
import type { Outcome } from '../call/outcome.ts';
import type { Situation } from '../call/tool.ts';
import type { View } from '../call/view.ts';
import type { Commands, Named, Order } from '../commands/commands.ts';
import type { Relative } from '../commands/family.ts';
import { plain } from '../commands/shown.ts';
import { fitView } from './fit-view.ts';

/** How a line that was waited for came to its end. */
export interface Run {
  command: Named;
  /** Null where it still runs: it was started in the background, or can't be ended. */
  exit: Exit | null;
  /** True where its time was up before it ended. */
  isLate: boolean;
  /** What its shell left running. */
  left: Relative[];
}

/** A command that ends at once, because it is not there or its port is taken, says so in the call that started it. */
const firstLookMs = 300;

/**
 * Runs a line to the end of its shell, or `timeoutMs`. What the shell leaves running goes on, by its name. Rejects when
 * the turn is cancelled, after everything that the line started has ended.
 */
export const runLine = async (
  commands: Commands,
  order: Order,
  { signal, clock }: Situation,
  { timeoutMs, background }: { timeoutMs: number | undefined; background: boolean },
): Promise<Run | Failed> => {
  signal.throwIfAborted();
  const command = await commands.start(order, clock).catch((error: unknown) => whyNotStarted(error, order));
  if ('kind' in command) return command;
  const over = Promise.withResolvers<'late' | 'cancelled'>();
  const cancel = () => over.resolve('cancelled');
  const untimed = timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => over.resolve('late'));
  const unlooked = background ? clock.after(firstLookMs, () => over.resolve('late')) : undefined;
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    const first = await Promise.race([command.exited, over.promise]);
    if (first === 'cancelled') {
      await command.end();
      signal.throwIfAborted();
    }
    if (first === 'late' && background) {
      commands.keep(order.mission, command);
      await command.caughtUp();
      return { command, exit: command.exit(), isLate: false, left: [] };
    }
    if (first === 'late') {
      const left = await command.end();
      return { command, exit: command.exit(), isLate: true, left };
    }
    await Promise.race([command.caughtUp(), over.promise]);
    const left = command.left();
    if (left.length > 0 || background) commands.keep(order.mission, command);
    return { command, exit: command.exit(), isLate: false, left };
  } finally {
    untimed?.();
    unlooked?.();
    signal.removeEventListener('abort', cancel);
    command.hide();
  }
};

/** A line that was not run: why. */
export type Failed = Extract<Outcome, { kind: 'failed' }>;

const whyNotStarted = (error: unknown, { argv: [shell = ''] }: Order): Failed => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'E2BIG')
    return { kind: 'failed', text: 'The command line is too long to be started. Write it to a file, and run that.' };
  if (code === 'ENOENT' || code === 'EACCES')
    return { kind: 'failed', text: `${shell} can't be started here (${code}), so nothing was run.` };
  if (code === 'EAGAIN' || code === 'ENOMEM' || code === 'EMFILE')
    return { kind: 'failed', text: `No more programs can be started at the moment (${code}). End some, or try again.` };
  throw error;
};

/** The directory of a call, or what the model is told where there is none. */
export const directoryFor = async (
  { directory }: Situation,
  given: string | undefined,
): Promise<{ cwd: string } | Failed> => {
  const cwd = given === undefined ? directory : isAbsolute(given) ? resolve(given) : resolve(directory, given);
  const stats = await stat(cwd).catch(() => null); // What can't be looked at is no place to start in.
  if (stats?.isDirectory()) return { cwd };
  return { kind: 'failed', text: `${cwd} is no directory, so nothing was run. Name one that is there.` };
};

/** As a shell counts: 128 and the signal's number where a signal ended it. */
export const exitCodeOf = ({ code, signal }: Exit): number => code ?? 128 + (signal ? constants.signals[signal] : 0);

/** `ended with exit code 1`, `was ended by SIGSEGV`. */
export const howEnded = ({ code, signal }: Exit): string =>
  signal ? `was ended by ${signal}` : `ended with exit code ${code}`;

/** `node 12, sleep 14 and 3 more`. */
export const namesOf = (processes: readonly Relative[]): string => {
  const shown = processes.slice(0, maxNames).map(({ name, pid }) => `${name} ${pid}`);
  const more = processes.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
};
const maxNames = 5;

/** A title is one line of a list. */
export const titleChars = 500;

/** How a command can be drawn. */
export const shellView = (
  { line, cwd, outputs, startedMs, id }: Named,
  { exit, isCut, isKept, nowMs }: { exit: Exit | null; isCut: boolean; isKept: boolean; nowMs: number },
): View =>
  fitView({
    kind: 'shell',
    command: line,
    directory: cwd,
    exitCode: exit?.code ?? null,
    ...(exit?.signal ? { signal: exit.signal } : {}),
    ...(exit ? { durationMs: Math.round(nowMs - startedMs) } : {}),
    ...(isKept ? { background: id } : {}),
    tail: outputs.map((output) => plain(output.newest(viewBytes))).join(''),
    isCut,
  });

/** Of 4 KB that a view may have. */
const viewBytes = 1500;
