import { preparedMissions } from '../missions/prepared.ts';
import type { LinkSocket } from './socket.ts';

/** Tells the host which missions to make ready before their first message (missions/prepared.ts). */
export class PreparedTeller {
  readonly #sql: SqlStorage;
  readonly #socket: LinkSocket;
  /** What it was told last; after an eviction it is told again, which changes nothing. */
  #told = '';

  constructor(sql: SqlStorage, socket: LinkSocket) {
    this.#sql = sql;
    this.#socket = socket;
  }

  /** A session begins: the host is told, whatever it knows. */
  begin(): void {
    this.#told = '';
    this.tell();
  }

  /** Tells the list, where it has changed. */
  tell(): void {
    const missions = preparedMissions(this.#sql);
    if (missions === null || !this.#socket.current() || this.#told === missions.join()) return;
    this.#told = missions.join();
    this.#socket.send({ type: 'prepare', missions });
  }
}
