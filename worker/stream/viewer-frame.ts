import { type ViewerHeader, viewerHeader } from '../../shared/viewer.ts';

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
  const header = end === 0 ? null : viewerHeader.parse(JSON.parse(frame.slice(0, end)));
  const text = frame.slice(end + 1);
  return { header, text, cursor: header?.cursor ?? lastId(text) };
};

/** The id of the last event that has one. Ids stand at the start of a line, where JSON on a `data:` line never is. */
const lastId = (text: string): string | null => {
  const at = text.startsWith('id: ') ? Math.max(0, text.lastIndexOf('\nid: ') + 1) : text.lastIndexOf('\nid: ') + 1;
  if (!text.startsWith('id: ', at)) return null;
  return text.slice(at + 4, text.indexOf('\n', at));
};
