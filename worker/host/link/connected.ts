import type { HostContext } from '../context.ts';
import { lookAt, noteLink } from '../effects/connected.ts';
import { serverFacts } from '../effects/facts.ts';
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

  /** From the alarm: whether the server is still heard of, where it is time to look. */
  look(): void {
    const { sql, now } = this.#host;
    const at = lookAt(sql);
    if (at === null || at > now()) return;
    const isHeard = this.#socket.awaySinceMs() === null;
    this.#note(true, isHeard ? (serverFacts(sql).connected_since ?? now()) : null);
  }

  #note(isThere: boolean, connectedSince: number | null): void {
    this.#transactions.run((host) => {
      noteLink(host, isThere, connectedSince);
      return { recorded: [], touched: [] };
    });
  }
}
