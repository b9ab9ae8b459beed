import { sseComment, sseCursor, sseEvent } from '../../shared/sse.ts';
import type { Rendering } from '../../shared/viewer.ts';

/** Clients of `?format=delta` come back this soon after an end. */
const retryMs = 1_000;

/** What a stream says itself, beside what the objects of its servers say; '' where its rendering has no word for it. */
export interface OwnWords {
  /** The first of all. */
  beginning: string;
  keepalive: string;
  /** A server is away and is dialled again. */
  away: string;
  /** With an id that names no server, so that the next stream starts anew too, however much of this one was read. */
  reset: string;
  /**
   * The existing apps know no `reset`; this text makes them reconnect and rebuild (contract §4.4). The empty id makes a
   * client forget its own, which would only lead here again.
   */
  gaveUp: string;
  /** What it begins with where no server has anything of the user, as an object would say it. */
  nothing(cursor: string): string;
  /** Servers that are not shown are named, never left out in silence (protocol §5). */
  notShown(hosts: readonly string[]): string;
  /** Something that people have to know. */
  error(message: string): string;
}

const error = (message: string, id?: string): string => sseEvent('error', { type: 'error', message }, id);
const shared = {
  keepalive: sseComment('keepalive'),
  away: sseComment('a server is away, trying again'),
  gaveUp: error('Stream connection failed', ''),
  error: (message: string) => error(message),
};
const words: Record<Rendering, OwnWords> = {
  default: {
    ...shared,
    beginning: '',
    reset: '',
    nothing: sseCursor,
    notShown: (hosts) => sseComment(hosts.length === 0 ? 'all servers are shown' : `not shown: ${hosts.join(' ')}`),
  },
  delta: {
    ...shared,
    beginning: `retry: ${retryMs}\n\n`,
    reset: sseEvent('reset', { type: 'reset' }, 'reset'),
    nothing: (cursor) =>
      sseEvent('snapshot', { type: 'snapshot', running: [], parts: [], requests: [], queue: [] }, cursor),
    notShown: (hosts) => sseEvent('partial', { type: 'partial', hosts }),
  },
};

export const ownWords = (rendering: Rendering): OwnWords => words[rendering];
