import { AppError } from '../../shared/errors.ts';
import type { MissionId } from '../../shared/ids.ts';
import type { HandsControl } from '../hands/control/client.ts';
import type { Log } from '../process/log.ts';
import type { FileRoots } from '../workspaces/outside.ts';
import type { GivenMissions } from './given-missions.ts';
import { filesInPlace } from './in-place.ts';
import type { PlaceFiles } from './place-files.ts';

interface PlaceOfParts {
  /** Null where there are no hands, since OpenCode is another's: then everybody's files are reached by this process. */
  control: Pick<HandsControl, 'files'> | null;
  here: PlaceFiles;
  roots: FileRoots;
  given: Pick<GivenMissions, 'ensure'>;
  log: Log;
}

/**
 * The files of a user's place. Throws AppError for a call of an older edge, which does not say whose it is: nobody's
 * files are reached as the user of this process, which is root.
 */
export const placesOf =
  ({ control, here, roots, given, log }: PlaceOfParts) =>
  (owner: string | undefined): PlaceFiles => {
    if (control === null) return here;
    if (owner !== undefined) {
      const ensure = (mission: MissionId): Promise<void> =>
        given
          .ensure(mission, owner)
          // A full disk, say: then the act itself says what it can't do, and removing something may be just what helps.
          .catch((error: unknown) => log.warn('mission.not_given', { mission, error }));
      return filesInPlace({ control, owner, roots, ensure });
    }
    throw new AppError(
      'unavailable',
      'The edge is of an older version, which does not say on whose behalf files are asked for. Update the edge.',
    );
  };
