import { fromNow, fromStart } from '../../shared/cursor.ts';
import type { Rendering } from '../../shared/viewer.ts';
import type { StreamEdge } from './edge.ts';
import { type ViewerConnection, viewerConnection } from './host-connection.ts';
import type { Numbering } from './numbering.ts';
import { isBehind, type StreamHost } from './positions.ts';
import { seated } from './seats.ts';
import { maxMoved } from './stream-id.ts';
import type { ViewerFrame } from './viewer-frame.ts';

/** What is asked of each server. */
export interface Watched {
  owner: string;
  isAdmin: boolean;
  rendering: Rendering;
  mission: string | null;
}

/** What the stream does with what comes. */
export interface StreamHostEnds {
  onFrame: (host: string, frame: ViewerFrame) => void;
  /** A server is away; it is dialled again. */
  onAway: () => void;
  /** Which servers are shown has changed. */
  onArranged: () => void;
  /** A server does not take this user. */
  onEnd: () => void;
}

interface StreamedHost {
  id: string;
  since: string;
  isLive: boolean;
  isRemoved: boolean;
  holds: boolean;
  news: string;
  connection: ViewerConnection | null;
  /** Has a socket for as long as it is wanted; else only until it has caught up. */
  isSeated: boolean;
  isCaughtUp: boolean;
  /** It failed more than once, or while it was visited: a deploy makes each fail once. */
  isFailing: boolean;
  /** A failed visit is tried again at the next heartbeat. */
  isVisitDue: boolean;
}

/**
 * The servers of one stream (protocol §5 "Several servers"). At most four have a socket; each of the others is visited
 * once, one at a time, so that nothing of the time before the stream is missing and its position is known, and joined
 * there when it goes live. One that fails is named and tried again, and the others don't notice.
 */
export class StreamHosts {
  readonly #edge: StreamEdge;
  readonly #watched: Watched;
  readonly #numbering: Numbering;
  readonly #ends: StreamHostEnds;
  readonly #hosts = new Map<string, StreamedHost>();
  /**
   * Frames of servers that were visited as of now. They are shown together, so that where these servers are is kept
   * once and not once for each.
   */
  readonly #visited = new Map<string, ViewerFrame>();
  #hasBegun = false;
  #isClosed = false;

  constructor(edge: StreamEdge, watched: Watched, numbering: Numbering, ends: StreamHostEnds) {
    this.#edge = edge;
    this.#watched = watched;
    this.#numbering = numbering;
    this.#ends = ends;
  }

  get areSeveral(): boolean {
    return this.#hosts.size > 1;
  }

  /** Servers that are not shown: something is alive there and there are too many, or they fail. */
  get notShown(): string[] {
    return [...this.#hosts.values()].flatMap(({ id, isLive, isSeated, isFailing }) =>
      isFailing || (isLive && !isSeated) ? [id] : [],
    );
  }

  /** Dials those that have a seat; resolves when each of them has sent its first frame or failed. */
  async join(hosts: readonly StreamHost[]): Promise<void> {
    for (const { id, since, isLive, isRemoved, holds, news } of hosts) {
      if (!this.#numbering.positions.has(id)) continue;
      const host = this.#hosts.get(id) ?? { ...newHost(id), isCaughtUp: !holds };
      this.#hosts.set(id, Object.assign(host, { since, isLive, isRemoved, holds, news }));
      if (this.#hasNews(host)) host.isCaughtUp = false;
    }
    const all = [...this.#hosts.values()];
    // News are few: for them alone no socket is kept, and no object woken by each stream.
    const candidates = all.filter(({ isLive, holds }) => isLive || holds);
    const seats = new Set(seated(candidates.map((host) => ({ ...host, isJoined: host.isSeated }))));
    for (const host of all) {
      if (host.isSeated && !seats.has(host.id)) leave(host);
      // Joined anew, as of now: what its visit brought is of before.
      if (!host.isSeated && seats.has(host.id)) this.#visited.delete(host.id);
      host.isSeated = seats.has(host.id);
    }
    const vacant = all.filter(({ isSeated, connection }) => isSeated && connection === null);
    await Promise.all(vacant.map((host) => this.#open(host)));
  }

  /** From here on frames are shown as they come: the servers without a seat have their turn. */
  begin(): void {
    this.#hasBegun = true;
    this.#visitNext();
  }

  /** These are the servers now. Those that came later are shown from their start. Not before `begin`. */
  update(hosts: readonly StreamHost[]): void {
    for (const { id, isRemoved } of hosts) if (!isRemoved) this.#numbering.add(id);
    const there = new Set(hosts.map(({ id }) => id));
    for (const host of this.#hosts.values()) if (!there.has(host.id)) host.isLive = false;
    // Not awaited: what they send is shown as it comes.
    void this.join(hosts);
    this.#visitNext();
    this.#ends.onArranged();
  }

  /** The viewer has room: servers in replay are asked for their next page. */
  askMore(): void {
    for (const { connection } of this.#hosts.values()) connection?.askMore();
  }

  beat(): void {
    for (const host of this.#hosts.values()) {
      host.connection?.beat();
      host.isVisitDue = true;
    }
    this.#visitNext();
  }

  close(): void {
    this.#isClosed = true;
    for (const host of this.#hosts.values()) leave(host);
  }

  /** Rows for admins that this stream has not shown, and that no socket of it brings. */
  #hasNews({ id, news, isSeated }: StreamedHost): boolean {
    if (news === '' || isSeated || this.#visited.has(id)) return false;
    return !isBehind(this.#numbering.goesOnFrom(id), news);
  }

  /** Shows what a server without a seat has to tell, unless another is being visited. */
  #visitNext(): void {
    const all = [...this.#hosts.values()];
    if (!this.#hasBegun || this.#isClosed || all.some(({ connection, isSeated }) => connection && !isSeated)) return;
    const next = all.find(
      ({ isSeated, isCaughtUp, isFailing, isVisitDue }) => !isSeated && !isCaughtUp && (!isFailing || isVisitDue),
    );
    if (next === undefined || this.#visited.size >= maxMoved) this.#showVisited();
    if (next) void this.#open(next);
  }

  #showVisited(): void {
    const frames = [...this.#visited];
    this.#visited.clear();
    for (const [host, frame] of frames) this.#ends.onFrame(host, frame);
  }

  /** Resolves with the first frame or trouble. */
  #open(host: StreamedHost): Promise<void> {
    const origin = { object: () => this.#edge.object(host.id), clock: this.#edge.clock };
    const options = () => ({ ...this.#watched, cursor: this.#cursorOf(host) });
    return new Promise((settled) => {
      host.connection = viewerConnection(origin, options, {
        onFrame: (frame) => {
          this.#took(host, frame);
          settled();
        },
        onAway: (failures) => {
          this.#failed(host, failures);
          settled();
        },
        onEnd: () => {
          this.#ends.onEnd();
          settled();
        },
      });
      void host.connection.open();
    });
  }

  #took(host: StreamedHost, frame: ViewerFrame): void {
    if (frame.header) host.isCaughtUp = frame.header.mode === 'live';
    this.#nowFails(host, false);
    const isVisitedAsOfNow = !host.isSeated && host.isCaughtUp && this.#numbering.goesOnFrom(host.id) === fromNow;
    if (isVisitedAsOfNow) this.#visited.set(host.id, frame);
    else this.#ends.onFrame(host.id, frame);
    if (host.isSeated || !host.isCaughtUp) return;
    leave(host);
    this.#visitNext();
  }

  #failed(host: StreamedHost, failures: number): void {
    this.#ends.onAway();
    this.#nowFails(host, !host.isSeated || failures > 1);
    if (host.isSeated) return;
    leave(host);
    host.isVisitDue = false;
    this.#visitNext();
  }

  #nowFails(host: StreamedHost, isFailing: boolean): void {
    if (host.isFailing === isFailing) return;
    host.isFailing = isFailing;
    this.#ends.onArranged();
  }

  #cursorOf({ id, since }: StreamedHost): string | null {
    const position = this.#numbering.goesOnFrom(id);
    if (position === fromNow) return null;
    return position === fromStart ? since : position;
  }
}

const newHost = (id: string): StreamedHost => ({
  id,
  since: fromStart,
  isLive: false,
  isRemoved: false,
  holds: true,
  news: '',
  connection: null,
  isSeated: false,
  isCaughtUp: false,
  isFailing: false,
  isVisitDue: true,
});

const leave = (host: StreamedHost): void => {
  host.connection?.close();
  host.connection = null;
};
