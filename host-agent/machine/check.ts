/** One thing that works on this machine, or does not. */
export interface Check {
  ok: boolean;
  /** What was found, or what is missing. */
  text: string;
  /** What does not work without it. */
  disables?: string;
  /** How to get it, as a command where there is one. */
  install?: string;
  /** Without it Open Agent is of no use on this machine. */
  required?: boolean;
}

export const works = (text: string): Check => ({ ok: true, text });

/** Missing, and needed by everything. */
export const fatal = (text: string, install: string): Check => ({ ok: false, text, install, required: true });

/** Missing, and needed by something. */
export const lacking = (text: string, disables: string, install: string): Check => ({
  ok: false,
  text,
  disables,
  install,
});

/** One line for a terminal. */
export const lineOf = ({ ok, text, disables, install, required }: Check): string => {
  if (ok) return `✓ ${text}`;
  const without = required ? 'required' : `without it: ${disables}`;
  return `✗ ${text} — ${without}. ${install}`;
};
