import * as z from 'zod';
import { rendering } from '../../../shared/viewer.ts';
import type { LogRow } from '../log/log.ts';

/** What a viewer's socket remembers; it survives the object's eviction in the socket's attachment. */
export const viewerState = z.object({
  kind: z.literal('viewer'),
  owner: z.string(),
  rendering,
  /** Sees rows that are of no mission. A socket of an older version does not say it, and is nobody's who may. */
  isAdmin: z.boolean().default(false),
  /** Only this mission, or null for all of the owner's. */
  mission: z.string().nullable(),
  mode: z.enum(['replay', 'live']),
  /** In `replay`, the seq shown so far. */
  seq: z.number().int(),
});
export type ViewerState = z.infer<typeof viewerState>;

/** Viewers that are shown the same bytes. */
export interface Audience {
  /** The same for as long as a viewer is live. */
  key: string;
  state: ViewerState;
  sockets: WebSocket[];
}

const known = new WeakMap<WebSocket, ViewerState>();

/** The state of a viewer's socket, read once per construction of the object. */
export const stateOf = (socket: WebSocket): ViewerState => {
  const cached = known.get(socket);
  if (cached) return cached;
  const state = viewerState.parse(socket.deserializeAttachment());
  known.set(socket, state);
  return state;
};

export const setState = (socket: WebSocket, state: ViewerState): void => {
  known.set(socket, state);
  socket.serializeAttachment(state);
};

const keys = new WeakMap<ViewerState, string>();

/** What its bytes depend on; made once for each state, because a frame looks at every viewer. */
export const keyOf = (state: ViewerState): string => {
  const known = keys.get(state);
  if (known !== undefined) return known;
  const key = JSON.stringify([state.rendering, state.owner, state.isAdmin, state.mission]);
  keys.set(state, key);
  return key;
};

/** Live viewers grouped by what they may see; those in replay ask for their pages themselves. */
export const audiences = (sockets: WebSocket[]): Audience[] => {
  const groups = new Map<string, Audience>();
  for (const socket of sockets) {
    const state = stateOf(socket);
    if (state.mode !== 'live') continue;
    const key = keyOf(state);
    const group = groups.get(key);
    if (group) group.sockets.push(socket);
    else groups.set(key, { key, state, sockets: [socket] });
  }
  return [...groups.values()];
};

/**
 * Whether a viewer is shown a row that is of no mission (`host.note`, `log.rejected`, `opencode.replaced`, what a later
 * host says): it may name missions, commands and processes of anybody, so it is for admins. A gap names nobody, and
 * whoever reads the log has to know of it.
 */
export const maySeeUnowned = (state: ViewerState, event: LogRow['event']): boolean =>
  state.isAdmin || (!('unknown' in event) && event.type === 'log.gap');

/** The owner filter of invariant 9: every row of a mission, delta and status a viewer gets passes here. */
export const maySee = (state: ViewerState, mission: { id: string; owner: string }): boolean =>
  mission.owner === state.owner && (state.mission === null || state.mission === mission.id);
