import type { Clock } from '../../shared/clock.ts';
import type { HeldLogin, Holding } from '../account/hold.ts';
import type { Positions } from '../account/positions.ts';
import type { Rooms } from './room.ts';

/** What a stream needs of the edge: the servers' objects, the account of its user, and the time. No D1. */
export interface StreamEdge {
  clock: Clock;
  object: (host: string) => Pick<Fetcher, 'fetch'>;
  /** Holds the stream's login, by which it is told its servers too. */
  hold: (holding: Holding) => HeldLogin;
  /** How many streams the user may have. */
  most: () => Promise<number>;
  /** Where the isolate's streams have their places. */
  rooms: Rooms;
  /** Keeps positions in the user's account; out: their handle. */
  keep: (positions: Positions) => Promise<string>;
  /** What was kept under a handle, or null. */
  kept: (handle: string) => Promise<Positions | null>;
}
