import type { Situation } from '../call/tool.ts';
import type { View } from '../call/view.ts';
import type { Commands, Order } from '../commands/commands.ts';
import { type Cut, printedTo, show } from '../commands/shown.ts';
import { type Failed, type Run, runLine, shellView } from './run-line.ts';

/** A run with what is told of it: the steps that `bash` and its alias have in common. */
export interface ShownRun extends Run {
  /** What was printed to each output, at most as much as is shown. */
  texts: string[];
  isCut: boolean;
  /** True where it can be asked for by its id from now on. */
  isKept: boolean;
  view: View;
}

/** Runs a line as `runLine` does; what is shown of its outputs has at most `cut` each. */
export const runShown = async (
  commands: Commands,
  order: Omit<Order, 'mission' | 'quietBytes' | 'quietLines' | 'show'>,
  cut: Cut,
  situation: Situation,
  how: { timeoutMs: number | undefined; background: boolean },
): Promise<ShownRun | Failed> => {
  const { directory: mission, live, clock } = situation;
  const whole = { ...order, mission, quietBytes: cut.maxBytes, quietLines: cut.maxLines, show: live };
  const run = await runLine(commands, whole, situation, how);
  if ('kind' in run) return run;
  const { command, exit } = run;
  command.readTo = command.outputs[0]?.totalBytes() ?? 0;
  const shown = command.outputs.map((output) => show(printedTo(output), cut));
  await Promise.all(command.outputs.map((output) => output.spool()?.flushed()));
  const isCut = shown.some((each) => each.isCut);
  const isKept = commands.find(mission, command.id) !== null;
  const view = shellView(command, { exit, isCut, isKept, nowMs: clock.steadyMs() });
  return { ...run, texts: shown.map(({ text }) => text), isCut, isKept, view };
};
