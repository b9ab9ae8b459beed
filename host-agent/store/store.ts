import type { HostId } from '../../shared/ids.ts';
import { Asks } from './asks.ts';
import { openDatabase } from './database.ts';
import { EdgeMemory } from './edge.ts';
import { HistoryHeads } from './history-heads.ts';
import { Inbox } from './inbox.ts';
import { Missions } from './missions.ts';
import { Notes } from './notes.ts';
import { Outbox } from './outbox.ts';
import { Prepared } from './prepared.ts';
import { reserveFile } from './reserve.ts';
import { transact } from './transaction.ts';
import { Turns } from './turns.ts';

/** Everything a host-agent remembers, in one SQLite file with one transaction over all of it. */
export interface Store {
  run: string;
  /** Where the store of another host id was moved to on opening, if there was one. */
  replaced: string | null;
  outbox: Outbox;
  inbox: Inbox;
  turns: Turns;
  missions: Missions;
  heads: HistoryHeads;
  edge: EdgeMemory;
  notes: Notes;
  prepared: Prepared;
  asks: Asks;
  /** One write transaction over several tables; see transaction.ts. */
  transact<T>(work: () => T): T;
  close(): void;
}

/** Opens the store at `path`; see openDatabase for errors. */
export const openStore = (path: string, hostId: HostId): Store => {
  const database = openDatabase(path, hostId);
  return {
    run: database.run,
    replaced: database.replaced,
    outbox: new Outbox(database, { reserve: reserveFile(`${path}.reserve`) }),
    inbox: new Inbox(database),
    turns: new Turns(database),
    missions: new Missions(database),
    heads: new HistoryHeads(database),
    edge: new EdgeMemory(database),
    notes: new Notes(database),
    prepared: new Prepared(database),
    asks: new Asks(database),
    transact: (work) => transact(database.db, work),
    close: () => database.db.close(),
  };
};
