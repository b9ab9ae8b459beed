import type { Clock } from '../../shared/clock.ts';
import { fromNow, fromStart } from '../../shared/cursor.ts';
import type { Rendering } from '../../shared/viewer.ts';
import { ServerLink } from './host-connection.ts';
import { positionsFrom, type StreamHost } from './positions.ts';
import { seated } from './seats.ts';
import type { Frame } from './viewer-frame.ts';

export interface StreamWish {
  owner: string;
  rendering: Rendering;
  mission: string | null;
  /** The id the client kept, in any form. */
  after: string | null;
}

/** What a stream needs of the edge: the servers there are, the oldest first, their objects, and the time. */
export interface StreamEdge {
  clock: Clock;
  hosts: () => Promise<StreamHost[]>;
  object: (host: string) => Pick<Fetcher, 'fetch'>;
}

/** What the stream does with what comes. */
export interface ServerEnds {
  onFrame: (host: string, frame: Frame) => void;
  onAway: () => void;
  /** A server's socket has ended for good. */
  onEnd: () => void;
}

interface Server {
  id: string;
  isLive: boolean;
  isRemoved: boolean;
  link: ServerLink | null;
  /** Has a socket for as long as it is wanted; else only until it has caught up. */
  isSeated: boolean;
  isCaughtUp: boolean;
}

/**
 * The servers of one stream (protocol §5 "Several servers"). At most four have a socket; each of the others is visited once, one at
 * a time, so that nothing of the time before the stream is missing and its position is known, and joined there when it goes live.
 */
export class Servers {
  /** Where each server has been shown up to; every server has an entry. */
  positions = new Map<string, string>();
  readonly #edge: StreamEdge;
  readonly #wish: StreamWish;
  readonly #ends: ServerEnds;
  readonly #servers = new Map<string, Server>();
  #hasBegun = false;
  #isLooking = false;
  #isClosed = false;

  constructor(edge: StreamEdge, wish: StreamWish, ends: ServerEnds) {
    this.#edge = edge;
    this.#wish = wish;
    this.#ends = ends;
  }

  get areSeveral(): boolean {
    return this.#servers.size > 1;
  }

  /** True while a server may go live that has no seat. */
  get someMissing(): boolean {
    return [...this.#servers.values()].some(({ isSeated, isRemoved }) => !isSeated && !isRemoved);
  }

  /** Servers with something alive that are not shown, because there are too many. */
  get leftOut(): string[] {
    return [...this.#servers.values()].flatMap(({ id, isLive, isSeated }) => (isLive && !isSeated ? [id] : []));
  }

  /** False when the client came with an id that says nothing about any server. */
  get afterWasUsable(): boolean {
    return !this.#wish.after || [...this.positions.values()].some((position) => position !== fromNow);
  }

  /** Dials; resolves when every server that has a seat has sent its first frame or failed. */
  async join(hosts: readonly StreamHost[]): Promise<void> {
    this.positions = positionsFrom(this.#wish.after, hosts);
    await this.#arrange(hosts);
  }

  /** From here on frames are shown as they come: the servers without a seat have their turn. */
  begin(): void {
    this.#hasBegun = true;
    this.#visitNext();
  }

  /** Looks which servers there are now and what is alive, and joins accordingly. Not before `begin`. */
  async look(): Promise<void> {
    if (!this.#hasBegun || this.#isLooking) return;
    this.#isLooking = true;
    try {
      const hosts = await this.#edge.hosts();
      if (this.#isClosed) return;
      for (const { id, isRemoved } of hosts) {
        if (!isRemoved && !this.positions.has(id)) this.positions.set(id, fromStart);
      }
      // Not awaited: what they send is shown as it comes.
      void this.#arrange(hosts);
      this.#visitNext();
    } finally {
      this.#isLooking = false;
    }
  }

  /** The viewer has room: servers in replay are asked for their next page. */
  askMore(): void {
    for (const { link } of this.#servers.values()) link?.askMore();
  }

  beat(): void {
    for (const { link } of this.#servers.values()) link?.beat();
  }

  close(): void {
    this.#isClosed = true;
    for (const server of this.#servers.values()) leave(server);
  }

  async #arrange(hosts: readonly StreamHost[]): Promise<void> {
    for (const { id, isLive, isRemoved } of hosts) {
      if (!this.positions.has(id)) continue;
      const server = this.#servers.get(id) ?? newServer(id);
      this.#servers.set(id, Object.assign(server, { isLive, isRemoved }));
    }
    const all = [...this.#servers.values()];
    const seats = new Set(seated(all.map((server) => ({ ...server, isJoined: server.isSeated }))));
    for (const server of all) {
      if (server.isSeated && !seats.has(server.id)) leave(server);
      server.isSeated = seats.has(server.id);
    }
    const vacant = all.filter(({ isSeated, link }) => isSeated && link === null);
    await Promise.all(vacant.map((server) => this.#open(server)));
  }

  /** Shows what a server without a seat has to tell, unless another is being visited. */
  #visitNext(): void {
    const all = [...this.#servers.values()];
    if (this.#isClosed || all.some(({ link, isSeated }) => link !== null && !isSeated)) return;
    const next = all.find(({ link, isCaughtUp }) => link === null && !isCaughtUp);
    if (next) void this.#open(next);
  }

  /** Resolves with the first frame or trouble. */
  #open(server: Server): Promise<void> {
    const { owner, rendering, mission } = this.#wish;
    const wish = () => ({ owner, rendering, mission, cursor: this.#cursorOf(server.id) });
    return new Promise((settled) => {
      const link = new ServerLink(
        { object: this.#edge.object(server.id), clock: this.#edge.clock },
        wish,
        rendering === 'default',
        {
          onFrame: (frame) => {
            if (frame.header) server.isCaughtUp = frame.header.mode === 'live';
            this.#ends.onFrame(server.id, frame);
            settled();
            if (server.isSeated || !server.isCaughtUp) return;
            leave(server);
            this.#visitNext();
          },
          onAway: () => {
            this.#ends.onAway();
            settled();
          },
          onEnd: () => {
            this.#ends.onEnd();
            settled();
          },
        },
      );
      server.link = link;
      void link.open();
    });
  }

  #cursorOf(id: string): string | null {
    const position = this.positions.get(id) ?? fromNow;
    return position === fromNow ? null : position;
  }
}

const newServer = (id: string): Server => ({
  id,
  isLive: false,
  isRemoved: false,
  link: null,
  isSeated: false,
  isCaughtUp: false,
});

const leave = (server: Server): void => {
  server.link?.close();
  server.link = null;
};
