import type { MissionId } from '../../../shared/ids.ts';
import type { Client } from '../../opencode/api/client.ts';
import type { Session } from '../../opencode/api/events.ts';
import { parentsOf } from '../../opencode/api/history.ts';
import type { Log } from '../../process/log.ts';
import { type Trouble, trouble } from '../../process/trouble.ts';
import type { Missions } from '../../store/missions.ts';
import { bringBack } from './bring-back.ts';
import { park, type Resting } from './park.ts';
import type { ParkedFiles } from './parked-files.ts';

/**
 * Sessions in OpenCode, sub-agents' too, above which missions are parked, and how many then stay: OpenCode can leave
 * out no more than some 900 when it is asked for the history of one, and whatever is listed and left out is waited for
 * when a host-agent comes back to a running turn: 0.15 ms each.
 */
export interface ParkingLimits {
  most: number;
  stay: number;
  /**
   * Missions without a turn that keep their instance for their next message: however many come in a short time, the
   * others rest at once and can be parked.
   */
  idle: number;
}
export const parkingLimits: ParkingLimits = { most: 250, stay: 150, idle: 100 };

/** Missions in one go: OpenCode sends all that is not kept out in one answer. */
const goMissions = 200;

interface ParkingParts {
  client: Client;
  missions: Missions;
  files: ParkedFiles;
  log: Log;
  /** True for a mission that has no turn and whose session nobody follows. */
  isResting(mission: MissionId): boolean;
  limits: ParkingLimits;
}

/**
 * Keeps OpenCode's history bounded, so that attaching to a turn costs the same however many missions there have been:
 * the histories of those that rested longest lie in files of ours until their next message (opencode §8.7).
 */
export class Parking {
  readonly #parts: ParkingParts;
  readonly #trouble: Trouble;
  /** Missions whose last step out is under way. */
  readonly #leaving = new Map<MissionId, Promise<void>>();
  /** Missions that were deleted while this process runs. */
  readonly #gone = new Set<MissionId>();
  #looking: Promise<void> | null = null;

  constructor(parts: ParkingParts) {
    this.#parts = parts;
    this.#trouble = trouble(parts.log, 'missions.park_failed');
  }

  get mostIdle(): number {
    return this.#parts.limits.idle;
  }

  /** A mission is about to be worked on: its session is in OpenCode when this has resolved. Throws as bringBack. */
  async wanted(mission: MissionId): Promise<void> {
    await this.#leaving.get(mission)?.catch(() => undefined); // Whoever parks it says what went wrong.
    await bringBack(this.#parts.client, this.#parts.files, mission);
  }

  /** A mission is deleted: nothing of it is kept, and nothing is parked that was read of it before. */
  async forget(mission: MissionId): Promise<void> {
    if (this.#looking) this.#gone.add(mission);
    await this.#leaving.get(mission)?.catch(() => undefined); // Whoever parks it says what went wrong.
    await this.#parts.files.forget(mission);
  }

  /** Looks whether there are too many sessions, and parks what rested longest. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#parkTooMany().finally(() => {
      this.#looking = null;
      this.#gone.clear();
    });
    return this.#looking;
  }

  async #parkTooMany(): Promise<void> {
    const { client, files, log } = this.#parts;
    try {
      await files.prepare();
      for (;;) {
        const sessions = await client.listAllSessions();
        const resting = this.#tooMany(sessions);
        if (resting.length === 0) return this.#trouble.over();
        const left = await park(client, files, { sessions, resting }, (...step) => this.#leave(...step));
        this.#trouble.over();
        if (left === 0) return;
        log.info('missions.parked', { missions: left });
      }
    } catch (error) {
      this.#trouble.failed(error, 'warn');
    }
  }

  /** False for a mission that is wanted again: it stays. */
  async #leave(mission: MissionId, step: () => Promise<void>): Promise<boolean> {
    if (this.#gone.has(mission) || !this.#parts.isResting(mission)) return false;
    const leaving = step();
    this.#leaving.set(mission, leaving);
    try {
      await leaving;
    } finally {
      this.#leaving.delete(mission);
    }
    return true;
  }

  /** Those that rested longest, as many as have to go, with the number that one go may have. */
  #tooMany(sessions: readonly Session[]): Resting[] {
    const { missions, limits } = this.#parts;
    if (sessions.length <= limits.most) return [];
    const parents = parentsOf(sessions);
    const records = new Map(missions.all().map((record) => [record.session, record]));
    const byAge = sessions.toSorted((a, b) => (a.time?.updated ?? 0) - (b.time?.updated ?? 0));
    const chosen: Resting[] = [];
    let left = sessions.length;
    for (const { id } of byAge) {
      if (left <= limits.stay || chosen.length >= goMissions) break;
      const record = parents.has(id) ? undefined : records.get(id);
      if (!record || !this.#parts.isResting(record.mission)) continue;
      chosen.push(record);
      left -= 1;
    }
    return chosen;
  }
}
