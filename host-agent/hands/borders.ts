/** Snapshots as the hands see them: an actor of the mission's place makes them, and tools wait for a beginning. */
import * as z from 'zod';
import { type Clock, within } from '../../shared/clock.ts';
import { assertNever } from '../../shared/errors.ts';
import type { Log } from '../process/log.ts';
import type { Redactor } from '../process/redact.ts';
import { ActorEnded } from './actor/actor.ts';
import { ActorNotStarted, type Actors } from './actor/actors.ts';
import type { Places } from './actor/places.ts';
import type { HandsMission } from './missions.ts';
import { border, holdMs, type SnapshotWish, snapshotsName, type VerbAnswer, verbAnswer } from './snapshots/words.ts';

export interface Borders {
  /** Resolves when tools of a mission may act: the snapshot of its turn's beginning is there, or takes too long. */
  ready(mission: string): Promise<void>;
  /**
   * Does what is wished, and answers when it is done; a turn's beginning at once, since tools wait for it. Nothing in
   * the answer is a known secret. Never rejects.
   */
  ask(mission: HandsMission, wish: SnapshotWish): Promise<VerbAnswer>;
}

export interface BordersParts {
  actors: Pick<Actors, 'call'>;
  places: Pick<Places, 'of'>;
  /** The directory in which the snapshots of missions are; null where each place has its own, in its home. */
  store: string | null;
  redactor: () => Redactor;
  clock: Clock;
  log: Log;
}

export const createBorders = (parts: BordersParts): Borders => {
  const { redactor, clock, log } = parts;
  const beginnings = new Map<string, Promise<unknown>>();

  const asked = async (mission: HandsMission, wish: SnapshotWish): Promise<VerbAnswer> => {
    try {
      const answer = answerIn(await callActor(parts, mission, wish));
      if (answer.ok && (wish.verb === 'begin' || wish.verb === 'end')) {
        const { note, ms } = border.parse(answer.value);
        log[note === null ? 'debug' : 'warn']('border', { mission: mission.mission, verb: wish.verb, ms, note });
      }
      return answer;
    } catch (error) {
      log.error('snapshots.failed', { mission: mission.mission, verb: wish.verb, error });
      return { ok: false, code: 'unavailable', text: whyFailed(error) };
    }
  };

  return {
    ready: async (mission) => {
      const beginning = beginnings.get(mission);
      if (beginning) await within(clock, holdMs, beginning, () => undefined);
    },
    ask: async (mission, wish) => {
      switch (wish.verb) {
        case 'begin': {
          const beginning = asked(mission, wish).finally(() => {
            if (beginnings.get(mission.mission) === beginning) beginnings.delete(mission.mission);
          });
          beginnings.set(mission.mission, beginning);
          return { ok: true, value: {} };
        }
        case 'end':
        case 'drop':
          return asked(mission, wish);
        case 'list':
        case 'files':
        case 'diff':
        case 'undo': {
          const answer = await asked(mission, wish);
          return answer.ok
            ? { ok: true, value: redactor().deep(answer.value) }
            : { ...answer, text: redactor().text(answer.text) };
        }
        default:
          return assertNever(wish);
      }
    },
  };
};

/** Nobody cancels: what was begun with files is brought to its end. */
const never = new AbortController().signal;

const callActor = (
  { actors, places, store }: BordersParts,
  { mission, directory, owner }: HandsMission,
  wish: SnapshotWish,
): Promise<unknown> => {
  const args = { ...wish, store, mission, directory };
  const work = {
    tool: snapshotsName,
    args,
    directory,
    session: snapshotsName,
    call: wish.verb,
    agent: '',
    granted: [],
  };
  return actors.call(places.of(owner), work, () => undefined, never);
};

const answerIn = (outcome: unknown): VerbAnswer => {
  const { text } = z.object({ text: z.string() }).parse(outcome);
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    throw new Error(text); // How a tool fails that was not meant to.
  }
  return verbAnswer.parse(said);
};

const whyFailed = (error: unknown): string => {
  if (error instanceof ActorEnded)
    return (
      `The process that looks after the files of missions ${error.message} in the middle of this. What was put back ` +
      'until then is put back. Ask again: it is started anew.'
    );
  if (error instanceof ActorNotStarted)
    return `The process that looks after the files of missions can't be started on this server: ${error.message}.`;
  return 'The files of this mission could not be looked at, and hands.log on the server says why.';
};
