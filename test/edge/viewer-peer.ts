import { env } from 'cloudflare:test';
import { type MissionActivity, type ViewerHeader, viewerHeader } from '../../shared/viewer.ts';
import { parseBlock } from './stream-reader.ts';

export interface SeenEvent {
  id: string | null;
  name: string;
  data: Record<string, unknown>;
}

/** A stream's end of the viewer socket: everything it was shown, as events. */
export interface ViewerPeer {
  header: ViewerHeader;
  events: SeenEvent[];
  /** Run states that headers told as changed. */
  changes: MissionActivity[];
  /** Resolves with the first event, past or coming, that fits; keeps asking for pages while in replay. */
  until(fits: (event: SeenEvent) => boolean): Promise<SeenEvent>;
  /** The newest id seen. */
  cursor(): string;
  close(): void;
}

/** Joins the object of a server as the Worker's bridge would. */
export const watch = async (
  host: string,
  owner: string,
  given: { rendering?: 'default' | 'delta'; mission?: string; cursor?: string; isAdmin?: boolean } = {},
): Promise<ViewerPeer> => {
  const query = new URLSearchParams({ owner, rendering: given.rendering ?? 'delta' });
  if (given.isAdmin) query.set('admin', 'yes');
  if (given.mission) query.set('mission', given.mission);
  if (given.cursor) query.set('cursor', given.cursor);
  const response = await env.HOST.getByName(host).fetch(`http://host/viewer?${query}`, {
    headers: { Upgrade: 'websocket' },
  });
  const socket = response.webSocket;
  if (!socket) throw new Error(`no socket: ${response.status}`);
  const events: SeenEvent[] = [];
  const changes: MissionActivity[] = [];
  const waiting: { fits: (event: SeenEvent) => boolean; resolve: (event: SeenEvent) => void }[] = [];
  const first = Promise.withResolvers<ViewerHeader>();
  let cursor = '';
  socket.addEventListener('message', ({ data }) => {
    const text = String(data);
    const end = text.indexOf('\n');
    const header = end > 0 ? viewerHeader.parse(JSON.parse(text.slice(0, end))) : null;
    changes.push(...(header?.changed ?? []));
    for (const event of parseSse(text.slice(end + 1))) {
      if (event.id !== null) cursor = event.id;
      if (event.name === '') continue;
      events.push(event);
      for (const wait of waiting.filter(({ fits }) => fits(event))) wait.resolve(event);
    }
    if (header) first.resolve(header);
    if (header?.mode === 'replay') socket.send('more');
  });
  socket.accept();
  return {
    header: await first.promise,
    events,
    changes,
    until: (fits) => {
      const known = events.find(fits);
      return known ? Promise.resolve(known) : new Promise((resolve) => waiting.push({ fits, resolve }));
    },
    cursor: () => cursor,
    close: () => socket.close(1000, 'test'),
  };
};

const parseSse = (text: string): SeenEvent[] =>
  text
    .split('\n\n')
    .filter((block) => block !== '')
    .map(parseBlock)
    .map(({ id, name, data }) => ({ id, name: name ?? '', data }));
