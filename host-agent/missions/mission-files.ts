import type { Clock } from '../../shared/clock.ts';
import { readGivenFile } from '../files/given-file.ts';
import { givenMissions } from '../files/given-missions.ts';
import { filesHere } from '../files/here.ts';
import { patiently } from '../files/patiently.ts';
import type { PlaceFiles } from '../files/place-files.ts';
import { placesOf } from '../files/place-of.ts';
import type { HandsControl } from '../hands/control/client.ts';
import type { Log } from '../process/log.ts';
import { isAnothers, prepareMissionDirectory, type SeedConfigDirectory } from '../workspaces/mission-directory.ts';
import type { FileRoots } from '../workspaces/outside.ts';
import { removeMissionFiles } from '../workspaces/remove-mission.ts';
import { removeUntouched } from '../workspaces/remove-untouched.ts';
import { prepareSeen, removeSeen } from '../workspaces/seen.ts';
import type { Workspace } from '../workspaces/workspace.ts';
import type { MissionContext } from './context.ts';
import type { MissionHands } from './mission-hands.ts';
import type { Preparations } from './preparing/preparations.ts';

interface MissionFilesParts {
  roots: FileRoots;
  workspace: Workspace;
  /** Null where there are no hands, since OpenCode is another's. */
  control: Pick<HandsControl, 'files'> | null;
  hands: Pick<MissionHands, 'register'>;
  /** What OpenCode sees of missions (workspaces/seen). */
  seen: string;
  seed: SeedConfigDirectory;
  clock: Clock;
  log: Log;
}

type OfContext = Pick<MissionContext, 'prepareDirectory' | 'removeFiles' | 'givenFile'>;
type OfPreparations = Pick<ConstructorParameters<typeof Preparations>[0], 'prepareDirectory' | 'removeUntouched'>;

export interface MissionFiles {
  /** The files of a user's place, for what people ask of them. */
  placeOf(owner: string | undefined): PlaceFiles;
  forMessages: OfContext;
  beforeMessages: OfPreparations;
}

/**
 * Files of missions: this process makes their directories and gives them to their owners; what is done in them after
 * that is done in their owner's place.
 */
export const missionFiles = ({ roots, workspace, control, hands, ...parts }: MissionFilesParts): MissionFiles => {
  const { seen, seed, clock, log } = parts;
  const given = givenMissions({
    prepare: async (mission, { clean, owner }) => {
      const isTheirs = clean && control !== null && (await isAnothers(workspace, mission));
      if (isTheirs) await patiently(clock, () => placeOf(owner).ask('cleanMission', { mission }));
      const directory = await prepareMissionDirectory(workspace, mission, { clean: clean && !isTheirs, seed });
      await prepareSeen(seen, directory); // Before OpenCode hears of it: what it is to see there has to be there.
      return directory;
    },
    give: async (mission, directory, owner) => {
      if (control) await hands.register({ mission, directory, owner });
    },
  });
  const placeOf = placesOf({ control, here: filesHere(roots, seed), roots, given, log });
  return {
    placeOf,
    beforeMessages: {
      prepareDirectory: given.prepareUnbegun,
      removeUntouched: async (mission) => {
        given.forget(mission);
        await removeUntouched(workspace, mission);
        await removeSeen(seen, mission);
      },
    },
    forMessages: {
      prepareDirectory: (_, mission, options) => given.prepare(mission, options),
      removeFiles: async ({ files }, mission, owner) => {
        given.forget(mission);
        // What is left, and the directories themselves, which are not their owner's, this process removes; by no link.
        if (control && owner !== undefined)
          await placeOf(owner)
            .ask('emptyMission', { mission })
            .catch((error: unknown) => log.warn('mission.not_emptied', { mission, error }));
        await removeMissionFiles(files, mission);
        await removeSeen(seen, mission);
      },
      givenFile: (owner, mission, name, maxBytes) =>
        patiently(clock, () => readGivenFile(placeOf(owner), mission, name, maxBytes)),
    },
  };
};
