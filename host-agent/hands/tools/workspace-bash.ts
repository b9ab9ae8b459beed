import { cutText } from '../../../shared/text.ts';
import { notGranted } from '../call/outcome.ts';
import { makeTool, type Tool } from '../call/tool.ts';
import { aliasAsks, askOutcome } from '../commands/asks.ts';
import type { Commands } from '../commands/commands.ts';
import { whyRefused } from '../commands/whole-machine.ts';
import { declaredWorkspaceBash } from '../declared/bash.ts';
import { directoryFor, exitCodeOf, namesOf, titleChars } from './run-line.ts';
import { runShown, type ShownRun } from './shown-run.ts';

const usualShell = '/bin/bash';
const usualMaxChars = 10_000;
/** OpenCode cuts what has more (opencode §9). */
const maxLines = 900;

/** `workspace_bash`: the contract's tool (§8.10), with sections for both outputs. */
export const workspaceBashTool = (commands: Commands): Tool =>
  makeTool(declaredWorkspaceBash, async (args, situation) => {
    const place = await directoryFor(situation, args.cwd);
    if ('kind' in place) return { ...place, text: `Tool error: ${place.text}` };
    const { command: line, max_output_chars: maxBytes = usualMaxChars, raw = false, shell = usualShell } = args;
    const refused = await whyRefused(line);
    if (refused) return { kind: 'failed', text: `Tool error: ${refused} It was not run.` };
    const missing = notGranted(await aliasAsks(line), situation.granted);
    if (missing.length > 0) return askOutcome(missing);

    const order = {
      line,
      argv: [shell, '-c', line],
      cwd: place.cwd,
      env: args.env,
      bareEnv: args.clear_env,
      input: args.stdin,
      apart: !raw,
    };
    const timeoutMs = timeoutOf(args);
    const run = await runShown(commands, order, { maxBytes, maxLines }, situation, { timeoutMs, background: false });
    if ('kind' in run) return { ...run, text: `Tool error: ${run.text}` };
    return {
      kind: 'done',
      title: cutText(line, titleChars),
      text: textOf(run, timeoutMs),
      view: run.view,
      metadata: { exit: run.exit?.code ?? null, truncated: run.isCut },
    };
  });

/** Milliseconds come first; none if the agent names none: a tool has no limit of its own. */
const timeoutOf = (args: { timeout_ms?: number; timeout_secs?: number; timeout?: number }): number | undefined => {
  if (args.timeout_ms !== undefined) return args.timeout_ms;
  const seconds = args.timeout_secs ?? args.timeout;
  return seconds === undefined ? undefined : seconds * 1000;
};

const textOf = ({ texts, command, exit, isLate, left }: ShownRun, timeoutMs: number | undefined): string => {
  const [out = '', err] = texts;
  const late = isLate ? `\n[ended after ${timeoutMs} ms, with all that it started]` : '';
  const goesOn = left.length > 0 ? `\n[left running as ${command.id}: ${namesOf(left)}]` : '';
  if (err === undefined) return out + late + goesOn;
  const code = exit ? String(exitCodeOf(exit)) : 'unknown';
  return [
    `Exit code: ${code}${late}${goesOn}`,
    ...(out ? [`--- stdout ---\n${out}`] : []),
    ...(err ? [`--- stderr ---\n${err}`] : []),
  ].join('\n');
};
