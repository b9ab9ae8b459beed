import type { Rendering } from '../../shared/viewer.ts';
import { dialObject, type ObjectSocket } from '../object-socket.ts';
import { splitViewerFrame, type ViewerFrame } from './viewer-frame.ts';

/** What a viewer wants of one server. */
export interface ViewerOptions {
  owner: string;
  isAdmin: boolean;
  rendering: Rendering;
  mission: string | null;
  cursor: string | null;
}

/** Dials a server's object as a viewer, as worker/object-socket does; `onFrame` gets every frame. */
export const dial = (
  object: Pick<Fetcher, 'fetch'>,
  { owner, isAdmin, rendering, mission, cursor }: ViewerOptions,
  onFrame: (frame: ViewerFrame) => void,
  onLost: (cause: unknown) => void,
): Promise<ObjectSocket> => {
  const query = new URLSearchParams({ owner, rendering });
  if (isAdmin) query.set('admin', 'yes');
  if (mission !== null) query.set('mission', mission);
  if (cursor !== null) query.set('cursor', cursor);
  return dialObject(object, `http://host/viewer?${query}`, (text) => onFrame(splitViewerFrame(text)), onLost);
};
