import type { Cancel, Clock } from '../../shared/clock.ts';
import { heartbeatMs, rotateMs } from '../../shared/limits.ts';
import { sseComment, sseEvent } from '../../shared/sse.ts';
import type { HeldLogin } from '../account/hold.ts';
import { logError } from '../log.ts';
import { type Activities, statusAround, statusSnapshot } from './activity.ts';
import { type StreamEdge, StreamHosts, type StreamOptions } from './hosts.ts';
import { Outlet } from './outlet.ts';
import { type StreamHost, withVectorIds } from './positions.ts';
import { unreadHere } from './unread.ts';
import type { ViewerFrame } from './viewer-frame.ts';

export type { StreamEdge, StreamOptions } from './hosts.ts';

/** A viewer is told something at once, even where a server's object takes longer than this to answer. */
export const joinMs = 3_000;
/** Clients of `?format=delta` come back this soon after an end. */
const retryMs = 1_000;
/**
 * How often the directory is asked while a server without a socket could go live (protocol §5); else at each heartbeat.
 */
export const lookMs = 5_000;

/**
 * One viewer's stream (protocol §5): joins the frames of the viewer's servers into one body. Bytes are forwarded as the
 * objects made them; only `status`, user errors, comments and the ids of several servers are written here.
 */
export class Bridge {
  readonly #clock: Clock;
  readonly #hold: StreamEdge['hold'];
  readonly #options: StreamOptions;
  readonly #outlet: Outlet;
  readonly #rotateAt: number;
  readonly #hosts: StreamHosts;
  readonly #activities: Activities = new Map();
  /** Frames that came before the stream was begun; null once it has. */
  #early: { host: string; frame: ViewerFrame }[] | null = [];
  #login: HeldLogin | null = null;
  #stopBeating: Cancel | null = null;
  #stopLooking: Cancel | null = null;
  #toldLeftOut = '';
  #isOver = false;

  constructor(edge: StreamEdge, options: StreamOptions) {
    this.#clock = edge.clock;
    this.#hold = edge.hold;
    this.#options = options;
    this.#rotateAt = edge.clock.now() + rotateMs * (0.9 + Math.random() * 0.2);
    this.#outlet = new Outlet(
      unreadHere,
      () => this.#askMore(),
      () => this.#close(),
    );
    this.#hosts = new StreamHosts(edge, options, {
      onFrame: (host, frame) => this.#take(host, frame),
      onAway: () => this.#write(sseComment('a server is away, trying again')),
      onEnd: () => (options.rendering === 'default' ? this.#giveUp() : this.#end()),
    });
  }

  /** The body, at once; what it says follows. */
  open(hosts: readonly StreamHost[]): ReadableStream<Uint8Array> {
    this.#stopBeating = this.#clock.every(heartbeatMs, () => this.#beat());
    this.#login = this.#hold({ ended: () => this.#end() });
    this.#begin(hosts).catch((cause: unknown) => this.#fail(cause));
    return this.#outlet.body;
  }

  async #begin(hosts: readonly StreamHost[]): Promise<void> {
    if (this.#options.rendering === 'delta') this.#write(`retry: ${retryMs}\n\n`);
    const late = Promise.withResolvers<void>();
    const cancel = this.#clock.after(joinMs, late.resolve);
    await Promise.race([this.#hosts.join(hosts), late.promise]);
    cancel();
    if (this.#isOver) return;
    this.#open();
    if (!this.#hosts.afterWasUsable) {
      if (this.#options.rendering === 'default') return this.#giveUp();
      this.#tellReset();
    }
    const early = this.#early ?? [];
    this.#early = null;
    for (const { host, frame } of early) this.#show(host, frame);
    this.#hosts.begin();
    this.#arranged();
    this.#askMoreIfTaken();
  }

  /** What every stream begins with (contract §4). */
  #open(): void {
    this.#write(statusSnapshot(this.#activities) + sseComment('keepalive'));
  }

  #take(host: string, frame: ViewerFrame): void {
    if (frame.header?.reset && this.#startsAnew()) return;
    if (this.#early === null) {
      this.#show(host, frame);
      this.#askMoreIfTaken();
      return;
    }
    // The snapshot that opens the stream is made of first headers; later ones are told as changes.
    if (frame.header && !this.#activities.has(host)) this.#activities.set(host, frame.header.running);
    this.#early.push({ host, frame });
  }

  /**
   * True when a position that a server doesn't know ends the stream: what its client has shown can't be mended piece by
   * piece.
   */
  #startsAnew(): boolean {
    if (this.#options.rendering === 'default') {
      if (this.#early !== null) this.#open();
      this.#giveUp();
      return true;
    }
    // With a single server the object itself sends `reset` and the snapshot. With several, a reset concerns all of
    // them, so the stream ends and the client joins all servers anew.
    if (!this.#hosts.areSeveral) return false;
    this.#tellReset();
    this.#end();
    return true;
  }

  #show(host: string, { header, text, cursor }: ViewerFrame): void {
    const { positions, areSeveral } = this.#hosts;
    const bytes = areSeveral ? withVectorIds(text, host, positions) : text;
    if (cursor !== null) positions.set(host, cursor);
    const status = header ? statusAround(this.#activities, host, header) : { before: '', after: '' };
    const errors = (header?.errors ?? []).map((message) => sseEvent('error', { type: 'error', message }));
    this.#write(status.before + bytes + status.after + errors.join(''));
  }

  /**
   * Sends `reset` with an id that names no server, so that the next stream starts anew too, however much of this one
   * the client has read.
   */
  #tellReset(): void {
    if (this.#options.rendering === 'delta') this.#write(sseEvent('reset', { type: 'reset' }, 'reset'));
  }

  /** Servers beyond the cap are named, never left out in silence (protocol §5). */
  #tellLeftOut(): void {
    const ids = this.#hosts.leftOut;
    const names = ids.join(' ');
    if (names === this.#toldLeftOut) return;
    this.#toldLeftOut = names;
    if (this.#options.rendering === 'delta') this.#write(sseEvent('partial', { type: 'partial', hosts: ids }));
    else this.#write(sseComment(names === '' ? 'all servers are shown' : `not shown, too many servers: ${names}`));
  }

  #askMore(): void {
    if (this.#early === null) this.#hosts.askMore();
  }

  /** An empty page leaves nothing to be taken, so nothing else would ask for the next. */
  #askMoreIfTaken(): void {
    if (this.#outlet.isWaiting) this.#askMore();
  }

  #beat(): void {
    this.#write(sseComment('keepalive'));
    if (this.#options.rendering === 'delta' && this.#clock.now() >= this.#rotateAt) this.#end();
    if (this.#isOver) return;
    this.#login?.beat();
    this.#hosts.beat();
    this.#look();
  }

  /** A mission stays where it is, so its stream has nothing to look for. */
  #look(): void {
    if (this.#options.mission !== null) return;
    this.#hosts
      .look()
      .then(() => this.#arranged())
      // The directory is away; what is joined goes on, and the next look finds the rest.
      .catch((cause: unknown) => logError('stream.look_failed', cause));
  }

  #arranged(): void {
    this.#tellLeftOut();
    const isWanted = this.#hosts.someMissing && !this.#isOver && this.#options.mission === null;
    if (isWanted) this.#stopLooking ??= this.#clock.every(lookMs, () => this.#look());
    else this.#lookNoMore();
  }

  #lookNoMore(): void {
    this.#stopLooking?.();
    this.#stopLooking = null;
  }

  #write(text: string): void {
    if (this.#isOver || this.#outlet.write(text)) return;
    this.#outlet.abandon();
    this.#close();
  }

  /**
   * The existing apps know no `reset`; this text makes them reconnect and rebuild (contract §4.4). The empty id makes a
   * client forget its own, which would only lead here again.
   */
  #giveUp(): void {
    this.#write(sseEvent('error', { type: 'error', message: 'Stream connection failed' }, ''));
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
    this.#login?.close();
    this.#stopBeating?.();
    this.#lookNoMore();
    this.#hosts.close();
  }
}
