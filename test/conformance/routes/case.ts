// What is said of one route: who may call it, what a good call gets, and what bad ones get. `routes.ts` runs it.
import type * as z from 'zod';

/** One request. `path` replaces the route's own, with its parameters filled in. */
export interface Shot {
  path?: string;
  /** Sent as JSON; a `FormData` as it is. */
  body?: unknown;
  headers?: Record<string, string>;
}
export type Sending = Shot | (() => Promise<Shot> | Shot);

/** What a call that succeeds gets: JSON of a shape written from the contract, or text. */
export interface Good {
  send?: Sending;
  status?: number;
  is: z.ZodType | string | RegExp;
  /** More that has to be true of the body. */
  and?: (body: ReturnType<typeof JSON.parse>) => void | Promise<void>;
}

/** What a call that is refused gets: this status, and a text for people, as plain text. */
export interface Bad {
  send: Sending;
  status: number;
  says: string | RegExp;
}

export interface RouteCase {
  /** `GET /api/health`, as the router spells it. */
  route: string;
  /** Who may call it without a token; a server shows a credential of its own. */
  open?: 'everybody' | 'servers';
  /**
   * A WebSocket: a plain GET is 400, a handshake without a token 401; with one it is refused where the feature is not
   * there.
   */
  socket?: { refusals: { query: string; status: number; says: string | RegExp }[] };
  /** A JSON body that has to be there is tried in every wrong form (contract §1.4). */
  body?: 'required';
  /** Parts of the path, by name; `:id` is a UUID where nothing else is said. */
  params?: Record<string, string | (() => string | Promise<string>)>;
  good: Good[];
  bad: Bad[];
}

/** A route of a feature that this version does not have: it says so, whatever is asked, and never with a 401. */
export const absent = (
  route: string,
  says: string | RegExp,
  status = 503,
  params?: RouteCase['params'],
): RouteCase => ({
  route,
  ...(params ? { params } : {}),
  good: [],
  bad: [{ send: {}, status, says }],
});
