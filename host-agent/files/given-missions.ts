import type { MissionId } from '../../shared/ids.ts';

interface GivenParts {
  /**
   * Makes the mission's directory ready; one that was given is its owner's to clean. Out: its path without symlinks.
   */
  prepare(mission: MissionId, options: { clean: boolean; owner?: string }): Promise<string>;
  /** Makes the directory its owner's (hands/control). May be repeated. */
  give(mission: MissionId, directory: string, owner: string): Promise<void>;
}

/** Missions whose directories are in their owner's place. */
export interface GivenMissions {
  /** Before anybody has begun it: nothing is given. Out: as `prepare`. */
  prepareUnbegun(mission: MissionId): Promise<string>;
  /** For a turn. Out: the directory's path without symlinks. */
  prepare(mission: MissionId, options: { clean: boolean; owner: string }): Promise<string>;
  /** For files of people: done once. */
  ensure(mission: MissionId, owner: string): Promise<void>;
  forget(mission: MissionId): void;
}

/**
 * Makes directories of missions and gives them to their owners, one step after the other for each mission: from the
 * moment in which it is given its owner may put links there, and this process, which may be root, writes nothing more.
 */
export const givenMissions = ({ prepare, give }: GivenParts): GivenMissions => {
  const last = new Map<MissionId, Promise<unknown>>();
  const given = new Map<MissionId, string>();

  const next = <T>(mission: MissionId, work: () => Promise<T>): Promise<T> => {
    const done = (last.get(mission) ?? Promise.resolve()).then(work);
    const settled = done
      .catch(() => undefined) // Whoever asked is told.
      .then(() => {
        if (last.get(mission) === settled) last.delete(mission);
      });
    last.set(mission, settled);
    return done;
  };
  const both = async (mission: MissionId, options: { clean: boolean; owner: string }): Promise<string> => {
    const directory = await prepare(mission, options);
    await give(mission, directory, options.owner);
    given.set(mission, options.owner);
    return directory;
  };

  return {
    prepareUnbegun: (mission) => next(mission, () => prepare(mission, { clean: false })),
    prepare: (mission, options) => next(mission, () => both(mission, options)),
    ensure: (mission, owner) =>
      next(mission, async () => {
        if (given.get(mission) !== owner) await both(mission, { clean: false, owner });
      }),
    forget: (mission) => void given.delete(mission),
  };
};
