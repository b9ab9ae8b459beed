import { heartbeatMs, maxStreamHosts, rotateMs } from '../../shared/limits.ts';
import { sseComment, sseEvent } from '../../shared/sse.ts';
import type { Rendering } from '../../shared/viewer.ts';
import { logError } from '../log.ts';
import type { Frame } from './frame.ts';
import { Outlet } from './outlet.ts';
import { positionsFrom, type StreamHost, withVectorIds } from './positions.ts';
import { type Runs, statusAround, statusSnapshot } from './runs.ts';
import { ServerLink } from './server-link.ts';

/** A viewer is told something at once, even where a server's object takes longer than this to answer. */
const joinMs = 3_000;
/** Clients of `?format=delta` come back this soon after an end. */
const retryMs = 1_000;

export interface StreamWish {
  owner: string;
  rendering: Rendering;
  mission: string | null;
  /** The id the client kept, in any form. */
  after: string | null;
}

/** What a stream needs of the edge: its servers, those with something alive first, and their objects. */
export interface StreamEdge {
  hosts: () => Promise<StreamHost[]>;
  object: (host: string) => Pick<Fetcher, 'fetch'>;
}

/**
 * One viewer's stream (protocol §5): joins the frames of the viewer's servers into one body. Bytes are forwarded as the
 * objects made them; only `status`, user errors, comments and the ids of several servers are written here.
 */
export class Bridge {
  readonly #wish: StreamWish;
  readonly #edge: StreamEdge;
  readonly #outlet: Outlet;
  readonly #rotateAt: number;
  readonly #links = new Map<string, ServerLink>();
  readonly #runs: Runs = new Map();
  #positions = new Map<string, string>();
  #hasSeveral = false;
  /** Frames that came before the stream was begun; null once it has. */
  #early: { host: string; frame: Frame }[] | null = [];
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #isOver = false;

  constructor(edge: StreamEdge, wish: StreamWish) {
    this.#edge = edge;
    this.#wish = wish;
    this.#rotateAt = Date.now() + rotateMs * (0.9 + Math.random() * 0.2);
    this.#outlet = new Outlet(
      () => this.#askMore(),
      () => this.#close(),
    );
  }

  /** The body, at once; what it says follows. */
  open(hosts: readonly StreamHost[]): ReadableStream<Uint8Array> {
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
    this.#begin(hosts).catch((cause: unknown) => this.#fail(cause));
    return this.#outlet.body;
  }

  async #begin(hosts: readonly StreamHost[]): Promise<void> {
    if (this.#wish.rendering === 'delta') this.#write(`retry: ${retryMs}\n\n`);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, joinMs);
    });
    await Promise.race([this.#join(hosts), late]);
    clearTimeout(timer);
    this.#write(statusSnapshot(this.#runs) + sseComment('keepalive'));
    this.#tellLeftOut(hosts.slice(maxStreamHosts));
    const early = this.#early ?? [];
    this.#early = null;
    for (const { host, frame } of early) this.#show(host, frame);
    this.#askMoreIfTaken();
  }

  /** Dials the servers; resolves when each has sent its first frame or failed. */
  async #join(hosts: readonly StreamHost[]): Promise<void> {
    this.#positions = positionsFrom(this.#wish.after, hosts);
    this.#hasSeveral = hosts.length > 1;
    await Promise.all(hosts.slice(0, maxStreamHosts).map((host) => this.#link(host.id)));
  }

  #link(host: string): Promise<void> {
    return new Promise((settled) => {
      const { owner, rendering, mission } = this.#wish;
      const wish = () => ({ owner, rendering, mission, cursor: this.#positions.get(host) ?? null });
      const link = new ServerLink(this.#edge.object(host), wish, rendering === 'default', {
        onFrame: (frame, { isFirst, isAgain }) => {
          if (isFirst && isAgain && frame.header?.reset) return this.#giveUp();
          this.#take(host, frame);
          settled();
        },
        onAway: () => {
          this.#write(sseComment('a server is away, trying again'));
          settled();
        },
        onEnd: () => {
          if (rendering === 'default') this.#giveUp();
          else this.#end();
          settled();
        },
      });
      this.#links.set(host, link);
      void link.open();
    });
  }

  #take(host: string, frame: Frame): void {
    if (this.#early === null) {
      this.#show(host, frame);
      this.#askMoreIfTaken();
      return;
    }
    // The snapshot that opens the stream is made of first headers; later ones are told as changes.
    if (frame.header && !this.#runs.has(host)) this.#runs.set(host, frame.header.running);
    this.#early.push({ host, frame });
  }

  #show(host: string, { header, text, cursor }: Frame): void {
    const bytes = this.#hasSeveral ? withVectorIds(text, host, this.#positions) : text;
    if (cursor !== null) this.#positions.set(host, cursor);
    const status = header ? statusAround(this.#runs, host, header) : { before: '', after: '' };
    const errors = (header?.errors ?? []).map((message) => sseEvent('error', { type: 'error', message }));
    this.#write(status.before + bytes + status.after + errors.join(''));
  }

  /** Servers beyond the cap are named, never left out in silence (protocol §5). */
  #tellLeftOut(hosts: readonly StreamHost[]): void {
    if (hosts.length === 0) return;
    const ids = hosts.map((host) => host.id);
    if (this.#wish.rendering === 'delta') this.#write(sseEvent('partial', { type: 'partial', hosts: ids }));
    else this.#write(sseComment(`not shown, too many servers: ${ids.join(' ')}`));
  }

  #askMore(): void {
    if (this.#early !== null) return;
    for (const link of this.#links.values()) link.askMore();
  }

  /** An empty page leaves nothing to be taken, so nothing else would ask for the next. */
  #askMoreIfTaken(): void {
    if (this.#outlet.isWaiting) this.#askMore();
  }

  #beat(): void {
    this.#write(sseComment('keepalive'));
    if (this.#wish.rendering === 'delta' && Date.now() >= this.#rotateAt) this.#end();
    if (this.#isOver) return;
    for (const link of this.#links.values()) link.beat();
    if (this.#links.size === 0) this.#joinLate().catch((cause: unknown) => this.#fail(cause));
  }

  /** A stream that began without any server picks up the first one enrolled. */
  async #joinLate(): Promise<void> {
    const hosts = await this.#edge.hosts();
    if (!this.#isOver && this.#links.size === 0) await this.#join(hosts);
  }

  #write(text: string): void {
    if (this.#isOver || this.#outlet.write(text)) return;
    this.#outlet.abandon();
    this.#close();
  }

  /** The existing apps know no `reset`; this text makes them reconnect and rebuild (contract §4.4). */
  #giveUp(): void {
    this.#write(sseEvent('error', { type: 'error', message: 'Stream connection failed' }));
    this.#end();
  }

  #fail(cause: unknown): void {
    logError('stream.failed', cause);
    this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#close();
    this.#outlet.end();
  }

  #close(): void {
    this.#isOver = true;
    clearInterval(this.#heartbeat);
    for (const link of this.#links.values()) link.close();
  }
}
