import { type ViewerHeader, viewerHeader } from '../../shared/viewer.ts';
import { stretchOf } from './stream-id.ts';

/**
 * One frame of an object: what changed about it (null: nothing), ready-made SSE text, and the newest position it names.
 */
export interface ViewerFrame {
  header: ViewerHeader | null;
  text: string;
  cursor: string | null;
}

/** Splits a frame. Only the header line is parsed, the rest is forwarded as it is. Throws on a header that is none. */
export const splitViewerFrame = (frame: string): ViewerFrame => {
  const end = frame.indexOf('\n');
  if (end < 0) throw new Error('a viewer frame without a header line');
  const header = end === 0 ? null : headerOf(frame.slice(0, end));
  const text = frame.slice(end + 1);
  return { header, text, cursor: header?.cursor ?? lastId(text) };
};

/**
 * The newest header, and what it says: all streams of an audience are sent the same one, one after the other, and
 * somebody may have hundreds here. What it says is never changed.
 */
let newest: { line: string; header: ViewerHeader } | null = null;

const headerOf = (line: string): ViewerHeader => {
  if (newest?.line !== line) newest = { line, header: viewerHeader.parse(JSON.parse(line)) };
  return newest.header;
};

/** The id of the last event that has one. Ids stand at the start of a line, where JSON on a `data:` line never is. */
const lastId = (text: string): string | null => {
  const at = text.startsWith('id: ') ? Math.max(0, text.lastIndexOf('\nid: ') + 1) : text.lastIndexOf('\nid: ') + 1;
  if (!text.startsWith('id: ', at)) return null;
  return text.slice(at + 4, text.indexOf('\n', at));
};

/**
 * A frame in pieces that each have ids of one log and segment, because that is what a kept position names. Nearly
 * always it is one piece. The header goes with the first.
 */
export const pieces = (frame: ViewerFrame): ViewerFrame[] => {
  const { header, text, cursor } = frame;
  const cuts: { end: number; cursor: string }[] = [];
  for (const { index, 1: id = '' } of text.matchAll(/^id: (.*)$/gm)) {
    const end = text.indexOf('\n\n', index) + 2;
    const last = cuts.at(-1);
    if (last && stretchOf(last.cursor) === stretchOf(id)) Object.assign(last, { end, cursor: id });
    else cuts.push({ end, cursor: id });
  }
  const last = cuts.at(-1);
  if (cursor === null || !last || (cuts.length === 1 && stretchOf(last.cursor) === stretchOf(cursor))) return [frame];
  if (stretchOf(last.cursor) === stretchOf(cursor)) Object.assign(last, { end: text.length, cursor });
  else cuts.push({ end: text.length, cursor });
  return cuts.map(({ end, cursor }, n) => ({
    header: n === 0 ? header : null,
    text: text.slice(cuts[n - 1]?.end ?? 0, end),
    cursor,
  }));
};
