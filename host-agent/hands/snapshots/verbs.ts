/** What the hands ask an actor about snapshots: each verb with its arguments, and what it answers. */
import { readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../shared/clock.ts';
import { assertNever } from '../../../shared/errors.ts';
import { diff, files, list } from './asked.ts';
import { type MissionSnapshots, missionSnapshots } from './mission.ts';
import { prunePlace } from './retention.ts';
import { undo } from './undo.ts';
import type { SnapshotVerb } from './words.ts';

/** Missions whose last look an actor remembers: some 2 MB for 10,000 files. */
const maxRemembered = 8;
/** A border's answer, and what follows at once, waits for no tidying: of 10,000 files that takes 15 ms. */
const tidyAfterMs = 1_000;
/** Between two looks at what all missions of a place take. */
const prunePlaceEvery = 50;

export type Snapshots = (verb: SnapshotVerb) => Promise<unknown>;

/** Does what a verb says. Throws `Refusal`. */
export const snapshotsOf = (clock: Clock): Snapshots => {
  // A map keeps the order in which keys came: its first is the one that was not asked for the longest time.
  const missions = new Map<string, MissionSnapshots>();
  let ends = 0;

  const of = (store: string, { mission, directory }: Pick<SnapshotVerb, 'mission' | 'directory'>): MissionSnapshots => {
    const path = join(store, mission);
    const known = missions.get(path);
    const found = known?.directory === directory ? known : missionSnapshots(path, directory, clock);
    missions.delete(path);
    missions.set(path, found);
    for (const [oldest, { isBusy }] of missions) {
      if (missions.size <= maxRemembered) break;
      if (oldest !== path && !isBusy()) missions.delete(oldest);
    }
    return found;
  };

  const tidyLater = (one: MissionSnapshots, store: string): void => {
    const work = async (): Promise<void> => {
      one.tidy();
      if (ends++ % prunePlaceEvery === 0)
        prunePlace(
          store,
          (each) => bytesIn(store, each),
          (each) => missions.has(join(store, each)),
        );
    };
    // What fails is tried after the next turn again.
    clock.after(tidyAfterMs, () => void one.inTurn(work).catch(() => undefined), { keepsAlive: false });
  };

  return async (verb) => {
    const store = verb.store ?? homeStore();
    const one = of(store, verb);
    switch (verb.verb) {
      case 'begin':
        return one.begin(verb.turn, verb.message);
      case 'end': {
        const border = await one.end(verb.turn);
        tidyLater(one, store);
        return border;
      }
      case 'list':
        return one.inTurn(() => list(one, verb));
      case 'files':
        return one.inTurn(() => files(one, verb.step, verb));
      case 'diff':
        return one.inTurn(() => diff(one, verb.step, verb.path, verb));
      case 'undo': {
        const undone = await one.inTurn(() => undo(one, verb));
        tidyLater(one, store);
        return undone;
      }
      case 'drop':
        await one.inTurn(async () => {
          missions.delete(join(store, verb.mission));
          rmSync(join(store, verb.mission), { recursive: true, force: true });
        });
        return {};
      default:
        return assertNever(verb);
    }
  };
};

/** In the home of the user whose actor this is. */
const homeStore = (): string => join(homedir(), '.local', 'state', 'open-agent', 'snapshots');

const bytesIn = (store: string, mission: string): number => {
  try {
    return Number(readFileSync(join(store, mission, 'bytes'), 'utf8')) || 0;
  } catch {
    return 0; // It has not had its first end.
  }
};
