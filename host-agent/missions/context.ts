import type { Clock } from '../../shared/clock.ts';
import type { Delta, Output } from '../../shared/frames.ts';
import type { MissionId } from '../../shared/ids.ts';
import type { GivenFile } from '../files/given-file.ts';
import type { Client } from '../opencode/api/client.ts';
import type { Following } from '../opencode/api/following.ts';
import type { Log } from '../process/log.ts';
import type { Redactor } from '../process/redact.ts';
import type { Renewal } from '../providers/renewal.ts';
import type { Store } from '../store/store.ts';
import type { Workspaces } from '../workspaces/registry.ts';
import type { Workspace } from '../workspaces/workspace.ts';
import type { LiveTurns } from './live-turns.ts';
import type { MissionHands } from './mission-hands.ts';
import type { Parking } from './parking/parking.ts';
import type { Preparations } from './preparing/preparations.ts';

/** What every mission of this host works with. */
export interface MissionContext {
  store: Store;
  client: Client;
  following: Following;
  live: LiveTurns;
  redactor: () => Redactor;
  clock: Clock;
  log: Log;
  /** Text for live viewers; dropped while no link is up. */
  delta(delta: Delta): void;
  /** What a tool call of this owner's mission prints, for live viewers (link/port.ts). */
  output(output: Output, owner: string): void;
  outputEnded(call: string): void;
  linkIsUp(): boolean;
  workspaces: Pick<Workspaces, 'named'>;
  /** Makes the mission's directory ready for a turn, as its owner's user. Out: its path without symlinks. */
  prepareDirectory(
    workspace: Workspace,
    mission: MissionId,
    options: { clean: boolean; owner: string },
  ): Promise<string>;
  /**
   * Removes the mission's directory and the files that were given to it, as its owner's user, if that is known; what is
   * not there is fine.
   */
  removeFiles(workspace: Workspace, mission: MissionId, owner: string | undefined): Promise<void>;
  /**
   * A file that was given to a mission of an owner's, by its name; with its content if that has at most so many bytes.
   */
  givenFile(owner: string, mission: MissionId, name: string, maxBytes: number): Promise<GivenFile | null>;
  /**
   * Used by messages that name none; models as `provider/model`. `preferred`: the one a person chose, where `model` is
   * null.
   */
  defaults: { agent: string; model: string | null; preferred(directory: string): Promise<string | null> };
  /** Which OpenCode instances have not seen a change of credentials. */
  renewal: Pick<Renewal, 'isDue' | 'done'>;
  /** What of OpenCode's history lies in files of ours. */
  parking: Pick<Parking, 'wanted' | 'look' | 'forget' | 'mostIdle'>;
  hands: MissionHands;
  /** Missions that were made ready before their first message. */
  preparing: Pick<Preparations, 'claim' | 'forget'>;
  /** Nothing asks for a permission: what would is allowed. Else people are asked. */
  permissive: boolean;
  /** Why an OpenCode process of ours ended, as a sentence for people; undefined when that is not known. */
  endOf?: (process: string) => string | undefined;
  /** A turn is stopped after so many steps in a row that brought nothing (`STOP_AFTER_REPEATS`); 0 never stops it. */
  stopAfterRepeats: number;
}

export const missionTimes = {
  /** A turn that nothing is heard of is looked at this often; a lost or missing event can't leave it hanging. */
  watchMs: 30_000,
  /**
   * A mission without a turn gives its OpenCode instance back after this, or when too many others are idle
   * (parking.ts): instances are never freed otherwise (opencode §1).
   */
  idleMs: 10 * 60_000,
} as const;
