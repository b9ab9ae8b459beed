import { stat } from 'node:fs/promises';
import { notGranted, type Outcome } from '../call/outcome.ts';
import { Refused } from '../call/refused.ts';
import { makeTool, type Situation } from '../call/tool.ts';
import { read as declared } from '../declared/files.ts';
import { fitView } from './fit-view.ts';
import { contentOf, type HeldFile, holdFile, letGo } from './held.ts';
import { describeBinary } from './kinds.ts';
import { type LineWindow, lineWindow, maxWindowLines } from './line-window.ts';
import { listDirectory } from './list.ts';
import { notFound } from './not-found.ts';
import { type AsksAs, asksFor, locate, type Place } from './place.ts';
import { nestedRules } from './project/rules.ts';
import { stateOf, stateOfLarge } from './seen-files.ts';
import { decode, isBinary, linesIn, mediaType, sampleBytes } from './text.ts';
import { maxWholeBytes } from './whole.ts';

/** Providers take no larger images (Anthropic: 5 MB as base64, others more). */
const maxMediaBytes = 3.75 * 1024 * 1024;

/** How a tool shows what it read. */
export interface Reading {
  asks: AsksAs;
  firstLine: number;
  maxLines: number;
  /** The text of a file, around its lines. */
  frame(place: Place, window: LineWindow): string;
  /** What is said behind a file: rules of the directories that it is in. Empty where there are none. */
  rulesOf(situation: Situation, place: Place): Promise<string>;
}

/** Reads what is at `given`: see the declaration of `read`. Throws `Refused`, and what the file system says. */
export const readPath = async (situation: Situation, given: string, reading: Reading): Promise<Outcome> => {
  const place = await locate(situation, given);
  const asks = asksFor(reading.asks, [{ place, kind: await kindOf(place) }], {});
  const open = notGranted(asks, situation.granted);
  if (open.length > 0) return { kind: 'asks', asks: open };
  const held = await holdFile(place);
  if (!held) throw new Refused(await notFound(place));
  try {
    if (held.stats.isDirectory()) return await listDirectory(place, reading);
    return await readFile(situation, place, held, reading);
  } finally {
    letGo(held);
  }
};

/** What has to be allowed depends on it outside of the mission only. */
const kindOf = async ({ real, isInside }: Place): Promise<'file' | 'directory'> =>
  !isInside && (await stat(real).catch(() => null))?.isDirectory() ? 'directory' : 'file';

const readFile = async (situation: Situation, place: Place, held: HeldFile, reading: Reading): Promise<Outcome> => {
  const { handle, stats } = held;
  const isSmall = stats.size <= maxWholeBytes;
  const bytes = isSmall ? await contentOf(held) : await sampleOf(held);
  situation.seen.note(place.real, isSmall ? stateOf(bytes, stats) : stateOfLarge(stats));
  const media = mediaType(bytes);
  if (media !== null && isSmall && bytes.length <= maxMediaBytes) return shownMedia(place, media, bytes);
  const size = isSmall ? bytes.length : stats.size;
  if (media !== null || isBinary(bytes)) return described(place, describeBinary(bytes, size), size);
  const { firstLine, maxLines, frame, rulesOf } = reading;
  const rules = await rulesOf(situation, place);
  const chunks = isSmall ? [inUtf8(bytes)] : handle.createReadStream({ start: 0, autoClose: false });
  const window = await lineWindow(chunks, {
    first: firstLine,
    limit: Math.min(maxLines, maxWindowLines - linesIn(rules).length),
    taken: Buffer.byteLength(rules),
    signal: situation.signal,
  });
  if (window.lines.length === 0 && firstLine > 1)
    throw new Refused(`${place.shown} has ${window.total} lines: there is no line ${firstLine}.`);
  return {
    kind: 'done',
    title: place.title,
    text: rules === '' ? frame(place, window) : `${frame(place, window)}\n\n${rules}`,
    view: fitView({
      kind: 'read',
      path: place.title,
      firstLine: window.lines.length === 0 ? 0 : firstLine,
      lastLine: window.lines.length === 0 ? 0 : lastLine(window),
      totalLines: window.total,
      bytes: size,
    }),
  };
};

const sampleOf = async ({ handle }: HeldFile): Promise<Buffer> => {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(sampleBytes), 0, sampleBytes, 0);
  return buffer.subarray(0, bytesRead);
};

/** Lines are taken off UTF-8; a large file in another encoding is shown with signs for what it has instead. */
const inUtf8 = (bytes: Buffer): Buffer => {
  const { text, encoding, hasMark } = decode(bytes);
  return encoding === 'utf8' && !hasMark ? bytes : Buffer.from(text);
};

const shownMedia = (place: Place, mime: string, bytes: Buffer): Outcome => ({
  kind: 'done',
  title: place.title,
  text: `${place.shown} is shown (${mime}, ${bytes.length} bytes).`,
  images: [{ mime, base64: bytes.toString('base64') }],
  view: fitView({ kind: 'image', path: place.title, mime, bytes: bytes.length }),
});

const described = (place: Place, what: string, bytes: number): Outcome => ({
  kind: 'done',
  title: place.title,
  text: `${place.shown} is ${what}. It is not shown: use a command to look into it.`,
  view: fitView({ kind: 'read', path: place.title, firstLine: 0, lastLine: 0, totalLines: null, bytes }),
});

export const lastLine = ({ first, lines }: LineWindow): number => first + lines.length - 1;

/** With the numbers of the lines, and what is around them, in the form that models know from OpenCode. */
const numbered = (place: Place, window: LineWindow): string => {
  const { lines, first, total, isFull } = window;
  const last = lastLine(window);
  const isEnd = total !== null && last >= total;
  const end = isEnd ? `(End of file: ${total} lines)` : `(${whereToGoOn(window, isFull, last)})`;
  const shown = lines.map((line, index) => `${first + index}: ${line}`).join('\n');
  return `<path>${place.shown}</path>\n<type>file</type>\n<content>\n${shown}\n\n${end}\n</content>`;
};

const whereToGoOn = ({ first, total }: LineWindow, isFull: boolean, last: number): string =>
  `${isFull ? 'More would be too long. ' : ''}Lines ${first} to ${last} of ${total ?? 'many'}. ` +
  `Go on with offset=${last + 1}.`;

export const readTool = makeTool(declared, ({ filePath, offset, limit }, situation) =>
  readPath(situation, filePath, {
    asks: { permission: 'read', isAlias: false },
    firstLine: Math.max(1, offset ?? 1),
    maxLines: limit ?? maxWindowLines,
    frame: numbered,
    rulesOf: nestedRules,
  }),
);
