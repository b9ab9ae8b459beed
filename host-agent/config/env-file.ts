/**
 * openagent.env: what a person writes is what we read, or the start stops. Read by Node's `util.parseEnv`, which cuts,
 * trims and unescapes in silence, so that only lines are allowed that it cannot change: one `NAME=value` a line, the
 * value as it stands, or between two equal quotes when it has a `#`, a backslash or blanks at an end. Without backticks
 * systemd's EnvironmentFile reads the same. No part of a line that may be a secret is ever in a message.
 */
import { parseEnv } from 'node:util';
import { StartError } from './start-error.ts';

/** How a value is written in the file, for messages and documents; null where the file can't hold it. */
export const quoted = (value: string): string | null => {
  if (faultOf(value) === null && !isQuote(value[0])) return value;
  if (control.test(value)) return null;
  if (!value.includes("'")) return `'${value}'`;
  if (!/["\\]/.test(value)) return `"${value}"`;
  return value.includes('`') ? null : `\`${value}\``;
};

/**
 * Values by name, of the file's bytes. `isOurs`: a name that may be shown. Throws StartError that names the line and
 * what to do.
 */
export const readEnvFile = (
  bytes: Uint8Array,
  path: string,
  isOurs: (name: string) => boolean,
): Map<string, string> => {
  const values = new Map<string, string>();
  const lineOf = new Map<string, number>();
  for (const [index, line] of linesOf(bytes, path).entries()) {
    const number = index + 1;
    const stop = (problem: string): never => {
      throw new StartError(`Line ${number} of ${path} ${problem}`);
    };
    if (/^[ \t]*(#.*)?$/.test(line)) continue;
    if (line.startsWith('\ufeff')) stop('begins with a byte order mark. Save the file as UTF-8 without one.');
    if (/^\s*export\s/.test(line)) stop('begins with "export". Write NAME=value alone.');
    const [, name, text] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(line) ?? [];
    if (name === undefined || text === undefined) {
      return stop(
        'is not NAME=value. A value has one line, and there are no blanks around the name; a comment begins with #.',
      );
    }
    const shown = isOurs(name) ? name : 'NAME';
    const before = lineOf.get(name);
    if (before !== undefined) stop(`sets what line ${before} has set already (${shown}). Keep one of them.`);
    const value = valueIn(text, (fault) => stop(`${fault}. ${howTo(shown, fault)}`));
    // Whatever Node's reader does, now or in another version: what stands there is what counts.
    if (parseEnv(line)[name] !== value) stop(`would be read as something else. ${howTo(shown, '')}`);
    values.set(name, value);
    lineOf.set(name, number);
  }
  return values;
};

/** UTF-8 lines without their ends (LF, or CR LF as other systems write it). */
const linesOf = (bytes: Uint8Array, path: string): string[] => {
  const lines: string[] = [];
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for (let from = 0; from <= bytes.length; ) {
    const found = bytes.indexOf(0x0a, from);
    const end = found < 0 ? bytes.length : found;
    try {
      lines.push(decoder.decode(bytes.subarray(from, end)).replace(/\r$/, ''));
    } catch {
      throw new StartError(`Line ${lines.length + 1} of ${path} is not UTF-8. Save the file as UTF-8.`);
    }
    from = end + 1;
  }
  return lines;
};

const isQuote = (character: string | undefined): character is string =>
  character === "'" || character === '"' || character === '`';

/** The value of what stands after `=`. `refuse` gets what is wrong with it, in words without any of it. */
const valueIn = (text: string, refuse: (fault: string) => never): string => {
  const [quote] = text;
  const unreadable = controlIn(text);
  if (unreadable !== null) return refuse(unreadable);
  if (!isQuote(quote)) {
    const fault = faultOf(text);
    return fault === null ? text : refuse(fault);
  }
  const inside = text.slice(1, -1);
  if (text.length < 2 || !text.endsWith(quote)) {
    return refuse(
      'begins with a quote and does not end with the same one (a value has one line, and nothing follows it)',
    );
  }
  if (inside.includes(quote)) return refuse('has the quote that it begins with in its middle');
  if (quote === '"' && inside.includes('\\')) return refuse('has a backslash between double quotes');
  return inside;
};

/** All but the tab. */
const control = /(?!\t)\p{Cc}/u;

const controlIn = (text: string): string | null =>
  control.test(text) ? 'has a control character (NUL, a carriage return, …) in it' : null;

/** What keeps a text without quotes from being the value as it stands. */
const faultOf = (text: string): string | null => {
  if (/^\s|\s$/.test(text)) return 'has white space before or after its value';
  if (text.includes('#')) return 'has a # in its value, where a comment would begin';
  if (text.includes('\\')) return 'has a backslash in its value';
  return controlIn(text);
};

const howTo = (name: string, fault: string): string =>
  fault.includes('control character')
    ? 'Take it out.'
    : `Put the value between single quotes: ${name}='…'. With a ' in it take ${name}="…", with both ${name}=\`…\`; ` +
      'one with all three is set in the environment instead.';
