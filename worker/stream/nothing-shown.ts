import { sseCursor, sseEvent } from '../../shared/sse.ts';
import type { Rendering } from '../../shared/viewer.ts';

/** What a stream begins with where no server has anything of its user: as an object would say it. */
export const nothingShown = (rendering: Rendering, cursor: string): string => {
  const nothing = { type: 'snapshot', running: [], parts: [], requests: [], queue: [] };
  return rendering === 'delta' ? sseEvent('snapshot', nothing, cursor) : sseCursor(cursor);
};
