import type { changeCalls } from '../../shared/calls/changes.ts';
import {
  type ChangesOfStep,
  changesOfMission,
  changesOfStep,
  diffOfStep,
  type Undone,
  undone,
} from '../../shared/changes.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { MissionId } from '../../shared/ids.ts';
import type { MissionHands } from '../missions/mission-hands.ts';
import type { Log } from '../process/log.ts';
import type { Store } from '../store/store.ts';
import type { RepliesTo } from './replies.ts';

export interface ChangesContext {
  store: Pick<Store, 'missions' | 'outbox'>;
  hands: Pick<MissionHands, 'snapshots'>;
  /** No turn of the mission runs or begins. */
  isFree(mission: MissionId): boolean;
  clock: Clock;
  log: Log;
}

/** What turns changed in the files of a mission; the hands have that, and say it in words that are checked here. */
export const changeReplies = ({ store, hands, isFree, clock, log }: ChangesContext): RepliesTo<typeof changeCalls> => {
  const known = (mission: MissionId, owner: string | undefined) => {
    if (owner === undefined)
      throw new AppError('unavailable', 'The edge does not say whose mission this is. Update it.');
    const directory = store.missions.get(mission)?.directory;
    return directory === undefined ? null : { mission, directory, owner };
  };
  const required = (mission: MissionId, owner: string | undefined) => {
    const found = known(mission, owner);
    if (found) return found;
    throw new AppError('not_found', 'This mission has had no turn yet, so nothing has changed in it.');
  };
  const tell = ({ undo, of, total }: Undone, mission: MissionId): void => {
    if (undo === null) return;
    try {
      const event = { type: 'turn.undone' as const, step: of, undo, files: total };
      store.outbox.append([{ at: clock.now(), mission, event }]);
    } catch (error) {
      // The files are as they were wished; only the log has no room to say so.
      log.warn('turn.undo_not_said', { mission, undo, error });
    }
  };

  return {
    list: async ({ mission, ...page }, owner) => {
      const found = known(mission, owner);
      if (!found) return { ...nothing, steps: [] };
      return changesOfMission.parse(await hands.snapshots(found, { verb: 'list', ...page }));
    },
    files: async ({ mission, ...wish }, owner) =>
      changesOfStep.parse(await hands.snapshots(required(mission, owner), { verb: 'files', ...wish })),
    diff: async ({ mission, ...wish }, owner) =>
      diffOfStep.parse(await hands.snapshots(required(mission, owner), { verb: 'diff', ...wish })),
    undo: async ({ mission, ...wish }, owner) => {
      const found = required(mission, owner);
      if (!isFree(mission)) throw new AppError('conflict', runsText);
      const done = undone.parse(await hands.snapshots(found, { verb: 'undo', ...wish }));
      tell(done, mission);
      return done;
    },
  };
};

const nothing: ChangesOfStep = { step: null, files: [], total: 0, note: 'No turn of this mission has a snapshot yet.' };

const runsText =
  'The agent of this mission works at the moment, and files that are put back under its hands would confuse it. Wait ' +
  'for the end of its turn, or cancel it, and undo then.';
