import type { HostContext } from '../context.ts';
import { lookAt, noteLink } from '../effects/connected.ts';
import { checkDirectory, serverFacts } from '../effects/facts.ts';
import type { Transactions } from '../transaction.ts';
import type { LinkSocket } from './socket.ts';

/** Tells apart a link that is there, one that has ended, and one that is not heard of (effects/connected.ts). */
export class Connected {
  readonly #host: HostContext;
  readonly #socket: LinkSocket;
  readonly #transactions: Transactions;

  constructor({ host, socket, transactions }: { host: HostContext; socket: LinkSocket; transactions: Transactions }) {
    this.#host = host;
    this.#socket = socket;
    this.#transactions = transactions;
  }

  /** Where the object believes in a link that is no more: it has ended, also while there was no object. */
  noteEnd(): void {
    if (lookAt(this.#host.sql) !== null && this.#socket.current() === null) this.#note(false, null);
  }

  /**
   * From the alarm: whether the server is still heard of, where it is time to look. Also whether D1 still has what it
   * was told, since nothing else would ask an empty copy of it for as long as the link holds.
   */
  look(): void {
    const { sql, now } = this.#host;
    const at = lookAt(sql);
    if (at === null || at > now()) return;
    this.#note(true, this.#heardSince());
  }

  /** For whoever wants to know now: whether the server is heard of. What differs from what D1 was told is told. */
  isHeard(): boolean {
    const since = this.#heardSince();
    const { sql } = this.#host;
    if (since !== serverFacts(sql).connected_since) this.#note(lookAt(sql) !== null, since);
    return since !== null;
  }

  #heardSince(): number | null {
    const { sql, now } = this.#host;
    return this.#socket.awaySinceMs() === null ? (serverFacts(sql).connected_since ?? now()) : null;
  }

  #note(isThere: boolean, connectedSince: number | null): void {
    this.#transactions.run((host) => {
      noteLink(host, isThere, connectedSince);
      if (isThere) checkDirectory(host.sql);
      return { recorded: [], touched: [] };
    });
  }
}
