import { type Clock, wait } from '../../../shared/clock.ts';
import type { Log } from '../../process/log.ts';
import { type Trouble, trouble } from '../../process/trouble.ts';
import type { Client } from './client.ts';
import type { Durable, OpenCodeEvent } from './events.ts';
import { OpenCodeAway } from './failure.ts';
import { readTrees, startedSession } from './history.ts';
import type { StreamSink } from './stream.ts';

/**
 * A follower of a tree of sessions: a mission's session with those of its sub-agents. None of its methods may throw.
 */
export interface Follower {
  /** True while a turn runs: then nothing may be missing after a gap. */
  isLive(): boolean;
  /** The highest seq of a session that was translated and stored; -1 for none. */
  storedSeq(session: string): number;
  /** The whole history from seq 0, after a gap: what was in memory is to be built anew, open text is blind. */
  replay(rows: Durable[]): void;
  /** The next events, without hole or repetition. */
  events(events: OpenCodeEvent[]): void;
  /** OpenCode is there and the tree is up to date. */
  ready(): void;
  lost(): void;
}

interface Tree {
  root: string;
  follower: Follower;
  /** Last seq seen of each member; null: not seen yet, the first one counts. */
  heads: Map<string, number | null>;
  /** Events that wait while the history is read. */
  held: OpenCodeEvent[] | null;
  /** Sessions that calls of this tree have named as their sub-agents'; each is looked up once. */
  named: Set<string>;
}

/**
 * Distributes the event stream to the missions that follow it and fills every gap from OpenCode's history. A tree
 * without a turn needs no history: it goes on with the first seq that comes.
 */
export class Following implements StreamSink {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #reading: Trouble;
  readonly #trees = new Map<string, Tree>();
  readonly #members = new Map<string, Tree>();
  /** Sessions whose tree is being looked up: what they say is held meanwhile, and dropped where they are none of it. */
  readonly #claimed = new Map<string, Tree>();
  #process: string | null = null;
  /** Counts connections, so that an answer to an earlier one is recognised. */
  #connection = 0;
  #loading = false;
  #opening = Promise.withResolvers<void>();

  constructor(client: Client, clock: Clock, log: Log) {
    this.#client = client;
    this.#clock = clock;
    this.#log = log;
    this.#reading = trouble(log, 'opencode.history_failed');
  }

  /** The OpenCode process whose stream is open, or null. */
  process(): string | null {
    return this.#process;
  }

  /** Resolves when the stream is opened the next time. */
  nextOpening(): Promise<void> {
    return this.#opening.promise;
  }

  /** True when what `root` brings now is complete. */
  isReady(root: string): boolean {
    const tree = this.#trees.get(root);
    return this.#process !== null && tree !== undefined && tree.held === null;
  }

  /** Sessions of a tree, the root first. */
  members(root: string): string[] {
    return [...(this.#trees.get(root)?.heads.keys() ?? [])];
  }

  follow(root: string, follower: Follower): void {
    const tree: Tree = { root, follower, heads: new Map(), held: null, named: new Set() };
    this.#trees.set(root, tree);
    this.#join(tree, root);
    if (this.#process !== null) this.#begin(tree);
  }

  unfollow(root: string): void {
    const tree = this.#trees.get(root);
    for (const session of tree?.heads.keys() ?? []) this.#members.delete(session);
    for (const session of tree?.named ?? []) this.#claimed.delete(session);
    this.#trees.delete(root);
  }

  /** Reads the history of a tree again, as after a gap. */
  reload(root: string): void {
    const tree = this.#trees.get(root);
    if (!tree || this.#process === null) return;
    tree.held ??= [];
    void this.#load();
  }

  opened(process: string): void {
    this.#process = process;
    this.#connection++;
    this.#log.info('opencode.connected', { instance: process });
    for (const tree of this.#trees.values()) this.#begin(tree);
    this.#opening.resolve();
    this.#opening = Promise.withResolvers();
  }

  lost(): void {
    this.#process = null;
    this.#connection++;
    this.#log.info('opencode.lost', {});
    // What was not found out is asked again when it is named again.
    for (const [session, tree] of this.#claimed) tree.named.delete(session);
    this.#claimed.clear();
    for (const tree of this.#trees.values()) {
      tree.held = null;
      tree.follower.lost();
    }
  }

  events(events: OpenCodeEvent[]): void {
    const ofTree = new Map<Tree, OpenCodeEvent[]>();
    for (const event of events) {
      const tree = this.#treeOf(event);
      if (!tree) continue;
      const list = ofTree.get(tree);
      if (list) list.push(event);
      else ofTree.set(tree, [event]);
    }
    for (const [tree, list] of ofTree) this.#take(tree, list);
  }

  #begin(tree: Tree): void {
    for (const session of tree.heads.keys()) tree.heads.set(session, null);
    if (tree.follower.isLive()) {
      tree.held = [];
      void this.#load();
    } else {
      tree.held = null;
      tree.follower.ready();
    }
  }

  #join(tree: Tree, session: string): void {
    if (tree.heads.has(session)) return;
    tree.heads.set(session, null);
    this.#members.set(session, tree);
  }

  /** A session joins with its creation, or (an older one, used again) after the call that names it. */
  #treeOf(event: OpenCodeEvent): Tree | undefined {
    const known = this.#members.get(event.session) ?? this.#claimed.get(event.session);
    if (event.kind !== 'durable') return known;
    const child = startedSession(event);
    if (known && child) this.#lookUp(known, child);
    if (known || event.fact.kind !== 'session' || !event.fact.session.parentID) return known;
    const parent = this.#members.get(event.fact.session.parentID);
    if (parent) this.#join(parent, event.session);
    return parent;
  }

  /**
   * A call names a session that is not known to be of its tree. Any tool of any plug-in can name any session, another
   * mission's too, so OpenCode's own list decides, as after a gap.
   */
  #lookUp(tree: Tree, session: string): void {
    if (tree.named.has(session) || this.#members.has(session) || this.#process === null) return;
    tree.named.add(session);
    this.#claimed.set(session, tree);
    this.reload(tree.root);
  }

  #take(tree: Tree, events: OpenCodeEvent[]): void {
    if (tree.held) {
      tree.held.push(...events);
      return;
    }
    const next: OpenCodeEvent[] = [];
    for (const [index, event] of events.entries()) {
      if (event.kind === 'durable') {
        const head = tree.heads.get(event.session) ?? null;
        if (head !== null && event.seq <= head) continue;
        // The seq is lower than what is stored: OpenCode's store may have been replaced, which only its history can
        // tell.
        const hole = head === null ? event.seq <= tree.follower.storedSeq(event.session) : event.seq > head + 1;
        if (hole) {
          this.#log.warn('opencode.gap', { session: event.session, seq: event.seq, head });
          tree.held = events.slice(index);
          void this.#load();
          break;
        }
        tree.heads.set(event.session, event.seq);
      }
      next.push(event);
    }
    if (next.length > 0) tree.follower.events(next);
  }

  /** Loads every tree that holds events, one request for all of them, until none does. */
  async #load(): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    try {
      for (;;) {
        const trees = [...this.#trees.values()].filter((tree) => tree.held !== null);
        if (trees.length === 0) return;
        const connection = this.#connection;
        const histories = await this.#read(trees.map((tree) => tree.root));
        if (connection !== this.#connection) continue;
        if (histories !== null) for (const tree of trees) this.#resume(tree, histories.get(tree.root) ?? []);
      }
    } finally {
      this.#loading = false;
    }
  }

  /** Null after a failure, and the wait it asks for. */
  async #read(roots: string[]): Promise<Map<string, Durable[]> | null> {
    try {
      const trees = await readTrees(this.#client, roots);
      this.#reading.over();
      return trees;
    } catch (error) {
      const waitMs = this.#reading.failed(error, error instanceof OpenCodeAway ? 'info' : 'error');
      await Promise.race([this.nextOpening(), wait(this.#clock, waitMs, undefined, { keepsAlive: false })]);
      return null;
    }
  }

  #resume(tree: Tree, history: Durable[]): void {
    if (!tree.held || this.#trees.get(tree.root) !== tree) return;
    const ours = new Set([...tree.heads.keys(), ...history.map(({ session }) => session)]);
    for (const session of tree.named) this.#claimed.delete(session);
    const held = tree.held.filter(({ session }) => ours.has(session));
    // What the stream brought is taken from there: text that followed a part's opening is complete then.
    const firstHeld = new Map<string, number>();
    for (const event of held) {
      if (event.kind === 'durable' && !firstHeld.has(event.session)) firstHeld.set(event.session, event.seq);
    }
    const rows = history.filter((row) => row.seq < (firstHeld.get(row.session) ?? Number.POSITIVE_INFINITY));
    for (const row of rows) {
      this.#join(tree, row.session);
      tree.heads.set(row.session, row.seq);
    }
    // A row that can't be read is missing in both. The history reaches to what was held, so it is no hole that could be
    // filled.
    for (const { session, seq } of history) {
      const next = firstHeld.get(session);
      if (next !== undefined && seq >= next) tree.heads.set(session, Math.max(tree.heads.get(session) ?? -1, next - 1));
    }
    tree.held = null;
    tree.follower.replay(rows);
    this.#take(tree, held);
    if (tree.held === null) tree.follower.ready();
  }
}
