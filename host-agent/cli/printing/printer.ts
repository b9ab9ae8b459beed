import { asciiJson } from '../../../shared/sse.ts';
import type { Line } from '../following/lines.ts';
import type { Ends } from './ends.ts';
import { newTelling } from './telling.ts';

/** Shows lines to whoever reads. */
export interface Printer {
  show: (line: Line) => void;
  /** A sentence beside them, on standard error. */
  note: (text: string) => void;
}

export interface PrinterOptions {
  json?: boolean;
  /** Reasoning, tools and sub-agents too, whoever reads. */
  verbose?: boolean;
  /** What people said is part of what is shown. */
  conversation?: boolean;
}

/** `--json` is for programs: objects, one a line, in ASCII, so that nothing in them can reach a terminal as a control. */
export const newPrinter = (ends: Ends, options: PrinterOptions): Printer =>
  options.json
    ? { show: (line) => ends.out(`${asciiJson(line)}\n`), note: (text) => ends.err(`${text}\n`) }
    : newTelling(ends, options);
