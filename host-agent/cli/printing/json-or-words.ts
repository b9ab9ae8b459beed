import { asciiJson } from '../../../shared/sse.ts';
import type { Ends } from './ends.ts';
import type { Printer, PrinterOptions } from './printer.ts';
import { newTelling } from './telling.ts';

/**
 * `--json` is for programs: objects, one a line, in ASCII, so that nothing in them can reach a terminal as a control.
 */
export const newPrinter = (ends: Ends, options: PrinterOptions): Printer =>
  options.json
    ? { show: (line) => ends.out(`${asciiJson(line)}\n`), note: (text) => ends.err(`${text}\n`) }
    : newTelling(ends, options);
