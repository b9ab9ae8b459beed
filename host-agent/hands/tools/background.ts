import { runInNewContext } from 'node:vm';
import { wait } from '../../../shared/clock.ts';
import { cutText } from '../../../shared/text.ts';
import type { Outcome } from '../call/outcome.ts';
import { makeTool, type Situation, type Tool } from '../call/tool.ts';
import type { Commands, Named } from '../commands/commands.ts';
import { modelCut, newSince, printedPart, show, sizeOf } from '../commands/shown.ts';
import { declaredBashKill, declaredBashOutput } from '../declared/bash.ts';
import { howEnded, namesOf, shellView, titleChars } from './run-line.ts';

/** A regular expression that takes longer goes back and forth for ever. */
const filterMs = 1000;

/** `bash_output`: what a command in the background printed since somebody last looked. */
export const bashOutputTool = (commands: Commands): Tool =>
  makeTool(declaredBashOutput, async ({ id, filter, wait: waitMs }, situation) => {
    if (id === undefined) return list(commands, situation);
    const command = commands.find(situation.directory, id);
    if (!command) return unknownId(commands, situation, id);
    if (waitMs) await news(command, waitMs, situation);
    await command.caughtUp();
    return told(command, situation, filter);
  });

/** `bash_kill`: ends a command in the background. */
export const bashKillTool = (commands: Commands): Tool =>
  makeTool(declaredBashKill, async ({ id }, situation) => {
    const command = commands.find(situation.directory, id);
    if (!command) return unknownId(commands, situation, id);
    const left = await command.end();
    const outcome = told(command, situation, undefined);
    if (left.length === 0) return outcome;
    return { kind: 'failed', text: `These could not be ended, the kernel or another user has them: ${namesOf(left)}` };
  });

/** Waits until something was printed that nobody has read, or the shell has ended. */
const news = async (command: Named, waitMs: number, { signal, clock }: Situation): Promise<void> => {
  const isNew = () => command.exit() !== null || totalOf(command) > command.readTo;
  if (isNew()) return;
  const seen = new Promise<void>((resolve) => command.onceNews(resolve));
  const late = new AbortController();
  await Promise.race([seen, wait(clock, waitMs, AbortSignal.any([signal, late.signal]))]).finally(() => late.abort());
};

const totalOf = ({ outputs }: Named): number => outputs.reduce((sum, output) => sum + output.totalBytes(), 0);

const told = (command: Named, { clock }: Situation, filter: string | undefined): Outcome => {
  const [output] = command.outputs;
  if (!output) throw new Error('a command was started without an output');
  const { bytes, missed } = newSince(output, command.readTo);
  let shown = bytes;
  if (filter !== undefined) {
    const lines = matching(bytes.toString('utf8'), filter);
    if (lines.failed !== undefined) return { kind: 'failed', text: lines.failed };
    shown = Buffer.from(lines.text);
  }
  command.readTo = output.totalBytes();
  const { text, isCut } = show(printedPart(shown, output.keep().path), modelCut);
  const exit = command.exit();
  const left = exit ? command.left() : [];
  const seconds = Math.round((clock.steadyMs() - command.startedMs) / 1000);
  const state = exit
    ? `${command.id} ${howEnded(exit)}${left.length > 0 ? `; it left running: ${namesOf(left)}` : ''}`
    : `${command.id} runs (pid ${command.pid}, ${seconds} s)`;
  const gap = missed > 0 ? `[${sizeOf(missed)} before this were not read in time; see ${output.keep().path}]\n` : '';
  return {
    kind: 'done',
    title: cutText(command.line, titleChars),
    text: `[${state}]\n${gap}${text.trimEnd() || `(nothing new${filter === undefined ? '' : ' that matches'})`}`,
    view: shellView(command, { exit, isCut: isCut || missed > 0, isKept: true, nowMs: clock.steadyMs() }),
    metadata: { exit: exit?.code ?? null, running: exit === null, truncated: isCut },
  };
};

/** Lines of `text` that match. In a world of its own, because only that can be stopped in the middle of one. */
const matching = (text: string, filter: string): { text: string; failed?: undefined } | { failed: string } => {
  const world = { lines: text.split('\n'), filter };
  try {
    const matched: unknown = runInNewContext(
      'const wanted = new RegExp(filter); lines.filter((line) => wanted.test(line)).join("\\n")',
      world,
      { timeout: filterMs },
    );
    return { text: String(matched) };
  } catch (error) {
    const reason = error instanceof Error || hasMessage(error) ? error.message : String(error);
    return { failed: `The filter ${filter} can't be used: ${reason}. Nothing counts as read.` };
  }
};

/** An error of another world is no instance of ours. */
const hasMessage = (error: unknown): error is { message: string } =>
  typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string';

const unknownId = (commands: Commands, { directory }: Situation, id: string): Outcome => ({
  kind: 'failed',
  text: `There is no command ${id} in the background.\n${listed(commands, directory)}`,
});

const list = (commands: Commands, { directory }: Situation): Outcome => ({
  kind: 'done',
  title: 'Commands in the background',
  text: listed(commands, directory),
  view: {
    kind: 'shell',
    command: '',
    directory,
    exitCode: 0,
    tail: listed(commands, directory),
    isCut: false,
  },
});

const listed = (commands: Commands, mission: string): string =>
  commands
    .of(mission)
    .map((command) => {
      const exit = command.exit();
      const left = exit ? command.left() : [];
      const state = exit ? howEnded(exit) + (left.length > 0 ? `; it left running: ${namesOf(left)}` : '') : 'runs';
      return `${command.id} ${state}: ${cutText(command.line, titleChars)}`;
    })
    .join('\n') || 'No command was started in the background.';
