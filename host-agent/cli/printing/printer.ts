import type { Line } from '../following/lines.ts';

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
