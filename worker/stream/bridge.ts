import { type Cancel, within } from '../../shared/clock.ts';
import { fromNow, fromStart, nothingYet, parseCursor, parseVector } from '../../shared/cursor.ts';
import { heartbeatMs, rotateMs } from '../../shared/limits.ts';
import type { Rendering } from '../../shared/viewer.ts';
import type { AccountServer } from '../account/servers.ts';
import { logError } from '../log.ts';
import { type Activities, statusAround, statusSnapshot } from './activity.ts';
import { Admission } from './admission.ts';
import type { StreamEdge } from './edge.ts';
import { StreamHosts } from './hosts.ts';
import { insist } from './insist.ts';
import { Numbering } from './numbering.ts';
import { Outlet } from './outlet.ts';
import { type OwnWords, ownWords } from './own-words.ts';
import { behindNews, positionsFrom, type StreamHost, streamHosts } from './positions.ts';
import { parseStreamId, positionsBy } from './stream-id.ts';
import { unreadHere } from './unread.ts';
import type { ViewerFrame } from './viewer-frame.ts';

export interface StreamOptions {
  owner: string;
  /** Admins see what is of no mission too. */
  isAdmin: boolean;
  rendering: Rendering;
  /** One mission and its server; null: all of the owner's, wherever they are. */
  only: { mission: string; host: string } | null;
  /** The id the client kept, in any form. */
  after: string | null;
}

/** A viewer is told something after this, even where a server's object, or the account, takes longer to answer. */
export const joinMs = 1_000;

/**
 * One viewer's stream (protocol §5): joins the frames of the viewer's servers into one body. Bytes are forwarded as the
 * objects made them; only `status`, user errors, comments and the ids of several servers are written here.
 */
export class Bridge {
  readonly #edge: StreamEdge;
  readonly #options: StreamOptions;
  readonly #words: OwnWords;
  readonly #outlet: Outlet;
  readonly #rotateAt: number;
  readonly #numbering: Numbering;
  readonly #hosts: StreamHosts;
  readonly #admission: Admission;
  readonly #activities: Activities = new Map();
  readonly #over = new AbortController();
  readonly #told = Promise.withResolvers<void>();
  readonly #answered = Promise.withResolvers<string | null>();
  /** As the account said last; null before it has. */
  #servers: StreamHost[] | null = null;
  #stopBeating: Cancel | null = null;
  #isOpened = false;
  #hasBegun = false;
  #toldNotShown = '';
  #toldFull = '';
  #isOver = false;

  constructor(edge: StreamEdge, options: StreamOptions) {
    const { owner, isAdmin, rendering, only } = options;
    this.#edge = edge;
    this.#options = options;
    this.#words = ownWords(rendering);
    this.#rotateAt = edge.clock.now() + rotateMs * (0.9 + Math.random() * 0.2);
    this.#outlet = new Outlet(
      unreadHere,
      edge.clock,
      () => this.#askMore(),
      () => this.#close(),
    );
    this.#numbering = new Numbering(edge.clock, this.#over.signal, {
      keep: (positions) => edge.keep(positions),
      onShown: (host, frame) => this.#show(host, frame),
      onWaiting: (bytes) => this.#hold(bytes),
    });
    const watched = { owner, isAdmin, rendering, mission: only?.mission ?? null };
    this.#hosts = new StreamHosts(edge, watched, this.#numbering, {
      onFrame: (host, frame) => this.#take(host, frame),
      onAway: () => this.#write(this.#words.away),
      onArranged: () => this.#tellNotShown(),
      onEnd: () => this.#end(),
    });
    this.#admission = new Admission(edge, {
      onServers: (servers) => this.#serversTold(servers),
      onError: (text) => this.#tellError(text),
      onFull: (text) => this.#tellFull(text),
      onEnd: () => this.#end(),
    });
  }

  /** Whether there is room for this stream: null, or why not. Resolves soon, also where the account does not answer. */
  get refusal(): Promise<string | null> {
    return this.#answered.promise;
  }

  /** The body, at once; what it says follows. */
  open(): ReadableStream<Uint8Array> {
    this.#stopBeating = this.#edge.clock.every(heartbeatMs, () => this.#beat());
    this.#admission.ask();
    this.#begin().catch((cause: unknown) => this.#fail(cause));
    return this.#outlet.body;
  }

  async #begin(): Promise<void> {
    this.#write(this.#words.beginning);
    const placed = this.#place();
    const joined = placed.then((place) => place.joined);
    await within(this.#edge.clock, joinMs, joined, () => this.#answered.resolve(null));
    this.#open();
    const { isUsable } = await placed;
    if (this.#isOver) return;
    if (!isUsable) {
      if (this.#options.rendering === 'default') return this.#giveUp();
      this.#write(this.#words.reset);
    }
    this.#hasBegun = true;
    if (!this.#options.only && !this.#servers?.some(({ holds }) => holds)) this.#tellNothing();
    this.#numbering.resume();
    this.#hosts.begin();
    if (this.#servers && !this.#options.only) this.#hosts.update(this.#servers);
    this.#tellNotShown();
    this.#askMoreIfTaken();
  }

  /** Finds out where the stream goes on and dials. `joined` resolves when every server that has a seat has answered. */
  async #place(): Promise<{ isUsable: boolean; joined: Promise<void> }> {
    const { after, only } = this.#options;
    const id = after === null ? null : parseStreamId(after);
    const { clock, kept: askFor } = this.#edge;
    const kept = id && (await insist(clock, this.#over.signal, 'stream.positions.unread', () => askFor(id.handle)));
    await this.#told.promise;
    const servers = only
      ? [{ id: only.host, log: null, since: fromStart, isLive: true, isRemoved: false, holds: true, news: '' }]
      : (this.#servers ?? []);
    const isOther = id === null && after !== null && after !== nothingYet;
    const given = isOther ? parseVector(after) : id && kept && positionsBy(id, kept);
    const positions = positionsFrom(given ?? new Map(), servers, after === nothingYet);
    this.#numbering.begin(behindNews(positions, servers), id && kept ? { handle: id.handle, positions: kept } : null);
    const isUsable =
      after === null || after === nothingYet || [...positions.values()].some((position) => position !== fromNow);
    return { isUsable, joined: this.#hosts.join(servers) };
  }

  #serversTold(servers: readonly AccountServer[]): void {
    this.#servers = streamHosts(servers);
    this.#told.resolve();
    this.#answered.resolve(null);
    // A mission stays where it is, so its stream has nothing to look for.
    if (this.#hasBegun && !this.#options.only) this.#hosts.update(this.#servers);
  }

  /** Old clients never ask again for a stream that was refused, so theirs is held (contract §4.5). */
  #tellFull(text: string): void {
    this.#answered.resolve(text);
    this.#open();
    if (text === this.#toldFull) return;
    this.#toldFull = text;
    this.#tellError(text);
  }

  /** An error for the user rather than a mission. */
  #tellError(text: string): void {
    this.#open();
    this.#write(this.#words.error(text));
  }

  /** What every stream begins with (contract §4). */
  #open(): void {
    if (this.#isOpened) return;
    this.#isOpened = true;
    this.#write(statusSnapshot(this.#activities) + this.#words.keepalive);
  }

  #take(host: string, frame: ViewerFrame): void {
    if (frame.header?.reset && this.#startsAnew()) return;
    // The snapshot that opens the stream is made of first headers; later ones are told as changes.
    if (!this.#isOpened && frame.header && !this.#activities.has(host))
      this.#activities.set(host, frame.header.running);
    this.#numbering.take(host, frame);
  }

  /**
   * True when a position that a server doesn't know ends the stream: what its client has shown can't be mended piece by
   * piece.
   */
  #startsAnew(): boolean {
    if (this.#options.rendering === 'default') {
      this.#open();
      this.#giveUp();
      return true;
    }
    // With a single server the object itself sends `reset` and the snapshot. With several, a reset concerns all of
    // them, so the stream ends and the client joins all servers anew.
    if (!this.#hosts.areSeveral) return false;
    this.#write(this.#words.reset);
    this.#end();
    return true;
  }

  #show(host: string, { header, text }: ViewerFrame): void {
    const status = header ? statusAround(this.#activities, host, header) : { before: '', after: '' };
    this.#write(status.before + text + status.after);
    this.#askMoreIfTaken();
  }

  /** Where no server has anything of the user, no object says so: a client waits for its snapshot and an id. */
  #tellNothing(): void {
    const { positions } = this.#numbering;
    const [host, cursor] = [...positions].find(([, at]) => parseCursor(at) !== null) ?? [null, nothingYet];
    const text = this.#words.nothing(cursor);
    if (host !== null) this.#numbering.take(host, { header: null, text, cursor });
    else if (positions.size === 0) this.#write(text);
  }

  /** Says which servers are not shown, when that has changed. */
  #tellNotShown(): void {
    const ids = this.#hosts.notShown;
    const names = ids.join(' ');
    if (!this.#hasBegun || names === this.#toldNotShown) return;
    this.#toldNotShown = names;
    this.#write(this.#words.notShown(ids));
  }

  #askMore(): void {
    if (this.#hasBegun && !this.#numbering.isWaiting) this.#hosts.askMore();
  }

  /** An empty page leaves nothing to be taken, so nothing else would ask for the next. */
  #askMoreIfTaken(): void {
    if (this.#outlet.isWaiting) this.#askMore();
  }

  #beat(): void {
    this.#open();
    this.#write(this.#words.keepalive);
    if (this.#options.rendering === 'delta' && this.#edge.clock.now() >= this.#rotateAt) this.#end();
    if (this.#isOver) return;
    this.#admission.beat();
    this.#hosts.beat();
  }

  #write(text: string): void {
    if (this.#isOver || this.#outlet.write(text)) return;
    this.#abandon();
  }

  /** What waits for its ids counts like what the client has not read. */
  #hold(bytes: number): void {
    if (this.#outlet.hold(bytes) || this.#isOver) return;
    this.#abandon();
  }

  #abandon(): void {
    this.#outlet.abandon();
    this.#close();
  }

  #giveUp(): void {
    this.#write(this.#words.gaveUp);
    this.#end();
  }

  #fail(cause: unknown): void {
    if (this.#isOver) return;
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
    this.#over.abort();
    this.#stopBeating?.();
    this.#admission.close();
    this.#hosts.close();
    this.#numbering.close();
  }
}
