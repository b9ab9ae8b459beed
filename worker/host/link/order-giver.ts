import { hasNewOrders, openOrders } from '../missions/orders.ts';
import type { LinkSocket } from './socket.ts';

/** Hands orders over (missions/orders.ts), each once in a link session. */
export class OrderGiver {
  readonly #sql: SqlStorage;
  readonly #socket: LinkSocket;
  /** Given in this session; after an eviction they are given again, which a host takes for the same. */
  readonly #given = new Set<string>();

  constructor(sql: SqlStorage, socket: LinkSocket) {
    this.#sql = sql;
    this.#socket = socket;
  }

  /** A session begins: what the host does not have is given behind the `welcome`. */
  begin(): void {
    this.#given.clear();
  }

  /** What is new, or was ended by then, makes room for the next. Cheap where there is none: asked with every frame. */
  give(): void {
    if (!hasNewOrders(this.#sql) || !this.#socket.current()) return;
    const due = openOrders(this.#sql).filter(({ received, command }) => !received && !this.#given.has(command.id));
    if (due.length === 0) return;
    for (const { command } of due) this.#given.add(command.id);
    this.#socket.sendCommands(due.map(({ command }) => command));
  }
}
