import { beginningOf } from '../../shared/text.ts';
import type { Rendering } from '../../shared/viewer.ts';
import { splitViewerFrame, type ViewerFrame } from './viewer-frame.ts';

/** What a viewer wants of one server. */
export interface ViewerOptions {
  owner: string;
  isAdmin: boolean;
  rendering: Rendering;
  mission: string | null;
  cursor: string | null;
}

/** A socket to one server's object. */
export interface ObjectSocket {
  /** Asks for the next page of a replay. */
  more(): void;
  /** Sends a ping; false when the last two were not answered. */
  beat(): boolean;
  close(): void;
}

/** The object does not take this user: dialling again would not change that. */
export class ViewerRefused extends Error {
  override readonly name = 'ViewerRefused';
}

/** Unanswered pings after which a socket is taken for dead (protocol §5 Heartbeat). */
const maxUnanswered = 2;

/**
 * Dials a server's object as a viewer. `onFrame` gets every frame, `onLost` is called once when the socket ends by any
 * side but ours. Rejects when the object does not take the socket.
 */
export const dial = async (
  object: Pick<Fetcher, 'fetch'>,
  options: ViewerOptions,
  onFrame: (frame: ViewerFrame) => void,
  onLost: (cause: unknown) => void,
): Promise<ObjectSocket> => {
  const { owner, isAdmin, rendering, mission, cursor } = options;
  const query = new URLSearchParams({ owner, rendering });
  if (isAdmin) query.set('admin', 'yes');
  if (mission !== null) query.set('mission', mission);
  if (cursor !== null) query.set('cursor', cursor);
  const response = await object.fetch(`http://host/viewer?${query}`, { headers: { Upgrade: 'websocket' } });
  const socket = response.webSocket;
  if (response.status === 403) throw new ViewerRefused('not a user any more');
  if (!socket)
    throw new Error(`the object refused a viewer: ${response.status} ${beginningOf(await response.text(), 200)}`);

  let isOver = false;
  let unanswered = 0;
  const lose = (cause: unknown) => {
    if (isOver) return;
    isOver = true;
    socket.close(1000, 'viewer ended');
    onLost(cause);
  };
  socket.addEventListener('message', ({ data }) => {
    if (isOver || typeof data !== 'string') return;
    if (data === 'pong') {
      unanswered = 0;
      return;
    }
    try {
      onFrame(splitViewerFrame(data));
    } catch (cause) {
      lose(cause);
    }
  });
  socket.addEventListener('close', ({ code, reason }) => lose(new Error(`the object closed: ${code} ${reason}`)));
  socket.addEventListener('error', ({ error }) => lose(error));
  socket.accept();

  return {
    more: () => {
      if (!isOver) socket.send('more');
    },
    beat: () => {
      if (isOver || unanswered >= maxUnanswered) return false;
      unanswered += 1;
      socket.send('ping');
      return true;
    },
    close: () => {
      if (isOver) return;
      isOver = true;
      socket.close(1000, 'viewer left');
    },
  };
};
