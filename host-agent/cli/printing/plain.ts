/**
 * Text of an agent for a terminal. It may hold whatever a web page or a file told the agent to say, and a terminal
 * obeys escape sequences: they could hide text, forge a prompt, or write the clipboard. So every control character but
 * newline and tab is shown as a sign instead of being sent, and so are those that turn the direction of writing around.
 */
export const plain = (text: string): string => text.replaceAll('\r\n', '\n').replace(hostile, sign);

/** The same on one line. */
export const plainLine = (text: string): string => plain(text).replaceAll(/\s+/g, ' ').trim();

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const hostile = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Unicode has pictures of the C0 controls and DEL; of the others the number is shown. */
const sign = (character: string): string => {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
};

/**
 * Cuts growing text where it can be shown: a carriage return may be half of a line end, and a surrogate half of a
 * character, whose other half is still to come. Out: what may be shown now, and what has to wait.
 */
export const showable = (text: string): { now: string; later: string } => {
  const last = text.charCodeAt(text.length - 1);
  const isHalf = last === 0x0d || (last >= 0xd800 && last <= 0xdbff);
  const end = isHalf ? text.length - 1 : text.length;
  return { now: text.slice(0, end), later: text.slice(end) };
};
