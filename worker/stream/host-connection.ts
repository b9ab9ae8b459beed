import type { Clock } from '../../shared/clock.ts';
import type { Rendering } from '../../shared/viewer.ts';
import { lastingSocket } from '../lasting-socket.ts';
import { logError } from '../log.ts';
import { SocketRefused } from '../object-socket.ts';
import { splitViewerFrame, type ViewerFrame } from './viewer-frame.ts';

/** A stream of days stays far below the platform's 10,000 subrequests, whatever its servers do (edge §2.4). */
const redialMaxMs = 30_000;

/** What a viewer wants of one server. */
export interface ViewerOptions {
  owner: string;
  isAdmin: boolean;
  rendering: Rendering;
  mission: string | null;
  cursor: string | null;
}

/** What the stream does with a server's frames and troubles. */
export interface ConnectionEnds {
  onFrame: (frame: ViewerFrame) => void;
  /** The socket is gone, and is dialled again; `failures` have followed one another. */
  onAway: (failures: number) => void;
  /** The object refused the user. */
  onEnd: () => void;
}

/** Which object is dialled, and the clock for the waits between. */
export interface ConnectionOrigin {
  /** Asked at every dial. */
  object: () => Pick<Fetcher, 'fetch'>;
  clock: Clock;
}

/** A stream's tie to one server. */
export interface ViewerConnection {
  /** Dials. Never rejects: trouble goes to `onAway` or `onEnd`. */
  open(): Promise<void>;
  /** The viewer has room: a server in replay is asked for its next page. */
  askMore(): void;
  beat(): void;
  close(): void;
}

/** A server's object as a viewer sees it, dialled again by cursor (`options` are asked each time). */
export const viewerConnection = (
  { object, clock }: ConnectionOrigin,
  options: () => ViewerOptions,
  { onFrame, onAway, onEnd }: ConnectionEnds,
): ViewerConnection => {
  let isInReplay = false;
  const { open, send, beat, close } = lastingSocket({
    clock,
    redialMaxMs,
    target: () => ({ object: object(), url: viewerUrl(options()) }),
    onText: (text) => {
      const frame = splitViewerFrame(text);
      if (frame.header) isInReplay = frame.header.mode === 'replay';
      onFrame(frame);
    },
    onLost: (cause, failures) => {
      isInReplay = false;
      logError('stream.upstream.lost', cause, { failures });
      const isEnd = cause instanceof SocketRefused;
      if (isEnd) onEnd();
      else onAway(failures);
      return !isEnd;
    },
  });
  return {
    open,
    askMore: () => {
      if (isInReplay && send('more')) isInReplay = false;
    },
    beat,
    close,
  };
};

const viewerUrl = ({ owner, isAdmin, rendering, mission, cursor }: ViewerOptions): string => {
  const query = new URLSearchParams({ owner, rendering });
  if (isAdmin) query.set('admin', 'yes');
  if (mission !== null) query.set('mission', mission);
  if (cursor !== null) query.set('cursor', cursor);
  return `http://host/viewer?${query}`;
};
