import type { Delta, Output } from '../../../shared/frames.ts';
import { sseCursor, sseEvent } from '../../../shared/sse.ts';
import type { Rendering, ViewerHeader } from '../../../shared/viewer.ts';
import type { Log } from '../log/log.ts';
import type { Recorded } from '../record/record.ts';
import { renderDefault } from '../views/default.ts';
import { renderDelta } from '../views/delta.ts';
import type { Texts } from '../views/texts.ts';

/** One frame to a Worker: header line (empty when nothing in it changed), LF, SSE bytes. */
export const viewerFrame = (header: ViewerHeader | null, bytes: string): string =>
  `${header === null ? '' : JSON.stringify(header)}\n${bytes}`;

/**
 * The SSE bytes of one row in one rendering. The cursor stands on the last event of the row: a client that saw only
 * some of them gets the row again, never a hole.
 */
export const rowBytes = (
  rendering: Rendering,
  recorded: Pick<Recorded, 'row' | 'checkpoint'>,
  isLive: boolean,
  texts: Texts,
  log: Log,
): string => {
  const { row } = recorded;
  const live = isLive ? { checkpoint: recorded.checkpoint } : null;
  const shown =
    rendering === 'default'
      ? renderDefault(row, texts)
      : [renderDelta(row, texts, live)].flatMap((event) => event ?? []);
  const id = log.cursorAt(row.seq);
  if (shown.length === 0) return row.event.type === 'part.checkpoint' ? sseCursor(id) : '';
  return shown
    .map(({ name, data }, index) => sseEvent(name, data, index === shown.length - 1 ? id : undefined))
    .join('');
};

/** A piece of text in the making, for delta viewers: never stored, so it carries no id. */
export const deltaBytes = ({ mission, part, off, text }: Delta): string =>
  sseEvent('delta', { mission_id: mission, part, off, text });

/** What a running call prints, for delta viewers: never stored, so it carries no id. */
export const outputBytes = ({ mission, call, off, text }: Output): string =>
  sseEvent('output', { mission_id: mission, tool_call_id: call, off, text });

/** The whole text so far of an open part, for the existing apps. */
export const thinkingBytes = (mission: string, content: string): string =>
  sseEvent('thinking', { type: 'thinking', content, done: false, mission_id: mission });
