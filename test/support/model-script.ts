// The language of the scripted model: what one user text asks it to do, step by step.

/**
 * One line of a script. Delays are milliseconds; `count` is how many requests an error, a cut, a raw answer or an odd
 * end meets before the script goes on without it, and how many go by before a `hang` holds all others.
 */
export type ScriptLine =
  | { word: 'say'; kind: 'text' | 'reasoning'; chunks: string[] }
  | { word: 'tokens'; count: number; delayMs: number }
  | { word: 'stamps'; count: number; delayMs: number }
  | { word: 'tool'; name: string; args: string }
  | { word: 'wait'; gate: string }
  | { word: 'error'; status: number; count: number; retryAfterMs: number }
  | { word: 'cut'; count: number }
  | { word: 'usage'; json: string }
  | { word: 'raw'; status: number; type: string; body: string; count: number }
  | { word: 'end'; reason: string | null; count: number }
  | { word: 'hang'; count: number };

/** Short enough that a test does not wait for OpenCode's own pause of two seconds. */
const defaultRetryAfterMs = 100;

/**
 * Reads the script in a user text. Lines without a script word are ignored once one line has one; a text without any is
 * answered with `You said: <text>`. A `TOOL` line ends its step, so the result has one entry for each model call; an
 * `END` right behind it says how that step ends.
 */
export function parseScript(userText: string): ScriptLine[][] {
  const lines = userText.split('\n').flatMap((line) => parseLine(line.trim()) ?? []);
  if (lines.length === 0) return [[{ word: 'say', kind: 'text', chunks: words(`You said: ${userText}`) }]];
  const steps: ScriptLine[][] = [[]];
  for (const line of lines) {
    const isOfToolStep = line.word === 'end' && steps.at(-1)?.length === 0 && steps.at(-2)?.at(-1)?.word === 'tool';
    steps.at(isOfToolStep ? -2 : -1)?.push(line);
    if (line.word === 'tool') steps.push([]);
  }
  return steps;
}

/** Words with the blank that follows them, so that the chunks joined are the text. */
export function words(text: string): string[] {
  return text.match(/\S*\s*/g)?.filter((word) => word !== '') ?? [];
}

function parseLine(line: string): ScriptLine | undefined {
  const [, word = '', rest = ''] = /^(\S+)(?:\s+(.*))?$/s.exec(line) ?? [];
  const [first = '', second = '', third = ''] = rest.split(/\s+/);
  switch (word) {
    case 'SAY':
      return { word: 'say', kind: 'text', chunks: words(rest) };
    case 'REASON':
      return { word: 'say', kind: 'reasoning', chunks: words(rest) };
    case 'CHUNKS':
      return { word: 'say', kind: 'text', chunks: stringArray(rest) };
    // A long answer from a short script: the text, so many times, each a chunk.
    case 'REPEAT':
      return {
        word: 'say',
        kind: 'text',
        chunks: Array.from({ length: wholeNumber(first, line) }, () => rest.slice(first.length + 1)),
      };
    case 'TOKENS':
      return { word: 'tokens', count: wholeNumber(first, line), delayMs: wholeNumber(third || '0', line) };
    // `<answer>.<index>@<epoch ms> ` each, one every DELAY ms on a steady schedule, for whoever measures delays.
    case 'STAMPS':
      return { word: 'stamps', count: wholeNumber(first, line), delayMs: wholeNumber(third || '0', line) };
    case 'TOOL': {
      const args = rest.slice(first.length).trim() || '{}';
      JSON.parse(args); // a script with broken arguments fails here, not inside OpenCode
      return { word: 'tool', name: first, args };
    }
    case 'WAIT':
      return { word: 'wait', gate: first };
    case 'ERROR':
      return {
        word: 'error',
        status: wholeNumber(first, line),
        count: optionalCount(second, line),
        retryAfterMs: third === '' ? defaultRetryAfterMs : wholeNumber(third, line),
      };
    case 'CUT':
      return { word: 'cut', count: optionalCount(first, line) };
    // The JSON text of `usage` in the last chunk, as it stands: numbers no JavaScript number can hold stay what they
    // are.
    case 'USAGE':
      return { word: 'usage', json: rest };
    // A whole answer as it stands, in place of any other: `RAW 200 text/html "<html>…"`, the body as a JSON string.
    case 'RAW': {
      const [, body = '""', count = ''] = /^\S+\s+\S+\s*("(?:[^"\\]|\\.)*")?\s*(\d*)$/.exec(rest) ?? [];
      return {
        word: 'raw',
        status: wholeNumber(first, line),
        type: second,
        body: String(JSON.parse(body)),
        count: optionalCount(count, line),
      };
    }
    // How a step ends: any `finish_reason`, or `none`. With it a step may say nothing at all.
    case 'END':
      return { word: 'end', reason: first === 'none' ? null : first, count: optionalCount(second, line) };
    case 'HANG':
      return { word: 'hang', count: wholeNumber(first || '0', line) };
    default:
      return undefined;
  }
}

/** Without a number every request is meant. */
function optionalCount(text: string, line: string): number {
  return text === '' ? Number.POSITIVE_INFINITY : wholeNumber(text, line);
}

function wholeNumber(text: string, line: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`model script: "${text}" is not a number in the line "${line}"`);
  return Number(text);
}

function stringArray(text: string): string[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value)) throw new Error(`model script: CHUNKS needs a JSON array of strings, not ${text}`);
  return value.map(String);
}
