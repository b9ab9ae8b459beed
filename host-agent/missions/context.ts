import type { Delta } from '../../shared/frames.ts';
import type { MissionId } from '../../shared/ids.ts';
import type { Client } from '../opencode/client.ts';
import type { Upstream } from '../opencode/upstream.ts';
import type { Clock } from '../process/clock.ts';
import type { Log } from '../process/log.ts';
import type { Store } from '../store/store.ts';
import type { LiveTurns } from './live-turns.ts';
import type { Redactor } from './redact.ts';

/** What every mission of this host works with. */
export interface MissionContext {
  store: Store;
  client: Client;
  upstream: Upstream;
  live: LiveTurns;
  redactor: () => Redactor;
  clock: Clock;
  log: Log;
  /** Text for live viewers; dropped while no link is up. */
  delta(delta: Delta): void;
  linkIsUp(): boolean;
  /** Makes the mission's directory ready for a turn. Out: its path without symlinks. */
  prepareDirectory(mission: MissionId, options: { clean: boolean }): Promise<string>;
  /** Used by messages that name none; `model` as `provider/model`. */
  defaults: { agent: string; model: string | null };
  /** Shorter waits for tests. */
  times?: Partial<MissionTimes>;
}

export interface MissionTimes {
  /** A turn that nothing is heard of is looked at this often; a lost or missing event can't leave it hanging. */
  watchMs: number;
  /** A mission without a turn gives its OpenCode instance back after this: instances are never freed otherwise (facts §1). */
  idleMs: number;
}

export const missionTimes: MissionTimes = { watchMs: 30_000, idleMs: 10 * 60_000 };

/** For measuring waits: a wall clock may jump (protocol §9). */
export const monotonicMs = (): number => performance.now();
