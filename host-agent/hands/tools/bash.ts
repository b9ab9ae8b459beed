import { cutText } from '../../../shared/text.ts';
import { notGranted } from '../call/outcome.ts';
import { makeTool, type Tool } from '../call/tool.ts';
import { askOutcome, bashAsks } from '../commands/asks.ts';
import type { Commands } from '../commands/commands.ts';
import { modelCut } from '../commands/shown.ts';
import { declaredBash } from '../declared/bash.ts';
import { directoryFor, howEnded, namesOf, type Run, titleChars } from './run-line.ts';
import { runShown } from './shown-run.ts';

const bash = '/bin/bash';

/** `bash`: a command line in the mission's directory. */
export const bashTool = (commands: Commands): Tool =>
  makeTool(declaredBash, async ({ command: line, description, workdir, timeout, background = false }, situation) => {
    const place = await directoryFor(situation, workdir);
    if ('kind' in place) return place;
    const asks = await bashAsks({ line, cwd: place.cwd, directory: situation.directory });
    const missing = notGranted(asks, situation.granted);
    if (missing.length > 0) return askOutcome(missing);

    const order = { line, argv: [bash, '-c', line], cwd: place.cwd, apart: false };
    const run = await runShown(commands, order, modelCut, situation, { timeoutMs: timeout, background });
    if ('kind' in run) return run;
    const { command, exit, isCut, isKept, view } = run;
    const printed = run.texts.join('').trimEnd();
    const notes = notesOf(run, timeout, background);
    const text = [printed === '' ? '(no output)' : printed, ...notes].join('\n\n');
    return {
      kind: 'done',
      title: cutText(description ?? line, titleChars),
      text,
      view,
      metadata: { exit: exit?.code ?? null, truncated: isCut, ...(isKept && !exit ? { background: command.id } : {}) },
    };
  });

/** What a model has to know beside the output. */
const notesOf = ({ command, exit, isLate, left }: Run, timeout: number | undefined, background: boolean): string[] => {
  const { id, pid } = command;
  if (background && !exit)
    return [`[runs in the background as ${id} (pid ${pid}): bash_output reads what it prints, bash_kill ends it]`];
  if (isLate && left.length > 0) return [`[its ${timeout} ms were up; these could not be ended: ${namesOf(left)}]`];
  if (isLate)
    return [
      `[ended after ${timeout} ms, as \`timeout\` says, with all that it started; give more time if it needs it]`,
    ];
  const notes = exit && (exit.signal || exit.code !== 0) ? [`[${howEnded(exit)}]`] : [];
  if (left.length > 0)
    notes.push(
      `[it left running: ${namesOf(left)}. These go on as ${id}: bash_output reads what they print, bash_kill ends them]`,
    );
  return notes;
};
