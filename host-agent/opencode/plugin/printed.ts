import * as z from 'zod';
import { beginningOf, endOf } from '../../../shared/text.ts';
import type { PrintedPiece } from '../../hands/call/caller.ts';

/** What a call has printed so far, its end: for a call that has no result. */
export interface Printed {
  add(piece: PrintedPiece): void;
  /** As a model reads it; null where nothing was printed. */
  text(): string | null;
}

/** OpenCode cuts what has more than 2,000 lines or 50 KB (opencode §9), and a character may have three bytes. */
const maxChars = 15 * 1024;
const maxLines = 1_900;

export const newPrinted = (): Printed => {
  let kept = '';
  let missing = 0;
  return {
    add: ({ skipped, text }) => {
      // What is missing between two pieces is left out with all that was before it.
      const all = skipped > 0 ? text : kept + text;
      const lines = all.split('\n');
      const end = endOf(lines.slice(-maxLines).join('\n'), maxChars);
      missing += skipped + (skipped > 0 ? kept.length : 0) + all.length - end.length;
      kept = end;
    },
    text: () => {
      if (kept.trim() === '') return null;
      const before = missing > 0 ? `[... ${missing} characters before this are not shown ...]\n` : '';
      return before + plain(kept.trimEnd());
    },
  };
};

/** Zero bytes and their like are nothing that a model or a database takes; tabs, line ends and colours stay. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced.
const plain = (text: string): string => text.replace(/[\0-\x07\x0e-\x1a\x1c-\x1f\x7f]/g, '\ufffd');

const commandArgs = z.object({ command: z.string() });

/**
 * The result of a command that was cancelled: what it had printed, which OpenCode keeps if it has it within 250 ms
 * (opencode §10.8), and the model is told with the next message.
 */
export const cancelledResult = (name: string, args: unknown, directory: string, text: string) => {
  const command = commandArgs.safeParse(args).data?.command;
  const view = command === undefined ? undefined : cancelledView(command, directory, text);
  return {
    title: command === undefined ? name : beginningOf(command, titleChars),
    output: `${text}\n\n[${name} was cancelled while it ran: this is what it had printed. All that it started was ended.]`,
    metadata: { cancelled: true, ...(view === undefined ? {} : { view }) },
  };
};
const titleChars = 500;

/** Small enough whatever it is made of (shared/tool-view.ts): JSON may need six bytes for a character. */
const cancelledView = (command: string, directory: string, text: string) => ({
  kind: 'shell',
  command: beginningOf(command, viewChars),
  directory: beginningOf(directory, viewChars),
  exitCode: null,
  tail: endOf(text, viewChars),
  isCut: true,
});
const viewChars = 200;
