import type { Clock } from '../../shared/clock.ts';
import { fromNow, fromStart } from '../../shared/cursor.ts';
import type { Rendering } from '../../shared/viewer.ts';
import type { HeldLogin, Holding } from '../account/hold.ts';
import { ViewerConnection } from './host-connection.ts';
import { positionsFrom, type StreamHost } from './positions.ts';
import { seated } from './seats.ts';
import type { ViewerFrame } from './viewer-frame.ts';

export interface StreamOptions {
  owner: string;
  /** Sees what is of no mission. */
  isAdmin: boolean;
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
  /** Holds the viewer's login for as long as the stream lasts. */
  hold: (holding: Holding) => HeldLogin;
}

/** What the stream does with what comes. */
export interface StreamHostEnds {
  onFrame: (host: string, frame: ViewerFrame) => void;
  onAway: () => void;
  /** A server's socket has ended for good. */
  onEnd: () => void;
}

interface StreamedHost {
  id: string;
  isLive: boolean;
  isRemoved: boolean;
  connection: ViewerConnection | null;
  /** Has a socket for as long as it is wanted; else only until it has caught up. */
  isSeated: boolean;
  isCaughtUp: boolean;
}

/**
 * The servers of one stream (protocol §5 "Several servers"). At most four have a socket; each of the others is visited
 * once, one at a time, so that nothing of the time before the stream is missing and its position is known, and joined
 * there when it goes live.
 */
export class StreamHosts {
  /** Where each server has been shown up to; every server has an entry. */
  positions = new Map<string, string>();
  readonly #edge: StreamEdge;
  readonly #options: StreamOptions;
  readonly #ends: StreamHostEnds;
  readonly #hosts = new Map<string, StreamedHost>();
  #hasBegun = false;
  #isLooking = false;
  #isClosed = false;

  constructor(edge: StreamEdge, options: StreamOptions, ends: StreamHostEnds) {
    this.#edge = edge;
    this.#options = options;
    this.#ends = ends;
  }

  get areSeveral(): boolean {
    return this.#hosts.size > 1;
  }

  /** True while a server may go live that has no seat. */
  get someMissing(): boolean {
    return [...this.#hosts.values()].some(({ isSeated, isRemoved }) => !isSeated && !isRemoved);
  }

  /** Servers with something alive that are not shown, because there are too many. */
  get leftOut(): string[] {
    return [...this.#hosts.values()].flatMap(({ id, isLive, isSeated }) => (isLive && !isSeated ? [id] : []));
  }

  /** False when the client came with an id that says nothing about any server. */
  get afterWasUsable(): boolean {
    return !this.#options.after || [...this.positions.values()].some((position) => position !== fromNow);
  }

  /** Dials; resolves when every server that has a seat has sent its first frame or failed. */
  async join(hosts: readonly StreamHost[]): Promise<void> {
    this.positions = positionsFrom(this.#options.after, hosts);
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
    for (const { connection } of this.#hosts.values()) connection?.askMore();
  }

  beat(): void {
    for (const { connection } of this.#hosts.values()) connection?.beat();
  }

  close(): void {
    this.#isClosed = true;
    for (const host of this.#hosts.values()) leave(host);
  }

  async #arrange(hosts: readonly StreamHost[]): Promise<void> {
    for (const { id, isLive, isRemoved } of hosts) {
      if (!this.positions.has(id)) continue;
      const host = this.#hosts.get(id) ?? newHost(id);
      this.#hosts.set(id, Object.assign(host, { isLive, isRemoved }));
    }
    const all = [...this.#hosts.values()];
    const seats = new Set(seated(all.map((host) => ({ ...host, isJoined: host.isSeated }))));
    for (const host of all) {
      if (host.isSeated && !seats.has(host.id)) leave(host);
      host.isSeated = seats.has(host.id);
    }
    const vacant = all.filter(({ isSeated, connection }) => isSeated && connection === null);
    await Promise.all(vacant.map((host) => this.#open(host)));
  }

  /** Shows what a server without a seat has to tell, unless another is being visited. */
  #visitNext(): void {
    const all = [...this.#hosts.values()];
    if (this.#isClosed || all.some(({ connection, isSeated }) => connection !== null && !isSeated)) return;
    const next = all.find(({ connection, isCaughtUp }) => connection === null && !isCaughtUp);
    if (next) void this.#open(next);
  }

  /** Resolves with the first frame or trouble. */
  #open(host: StreamedHost): Promise<void> {
    const { owner, isAdmin, rendering, mission } = this.#options;
    const options = () => ({ owner, isAdmin, rendering, mission, cursor: this.#cursorOf(host.id) });
    return new Promise((settled) => {
      const connection = new ViewerConnection(
        { object: this.#edge.object(host.id), clock: this.#edge.clock },
        options,
        rendering === 'default',
        {
          onFrame: (frame) => {
            if (frame.header) host.isCaughtUp = frame.header.mode === 'live';
            this.#ends.onFrame(host.id, frame);
            settled();
            if (host.isSeated || !host.isCaughtUp) return;
            leave(host);
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
      host.connection = connection;
      void connection.open();
    });
  }

  #cursorOf(id: string): string | null {
    const position = this.positions.get(id) ?? fromNow;
    return position === fromNow ? null : position;
  }
}

const newHost = (id: string): StreamedHost => ({
  id,
  isLive: false,
  isRemoved: false,
  connection: null,
  isSeated: false,
  isCaughtUp: false,
});

const leave = (host: StreamedHost): void => {
  host.connection?.close();
  host.connection = null;
};
