import type { Cancel, Clock } from '../../../shared/clock.ts';
import type { Log } from '../../process/log.ts';
import type { Actor } from './actor.ts';
import type { FilesAct } from './asking-for-files.ts';
import type { Work } from './frames.ts';

export interface Actors {
  /**
   * Runs a call in the actor of a place, which is started where none runs. Rejects with `ActorNotStarted`, and with
   * `ActorEnded` when it ends before the call does; no call is ever given to a second one.
   */
  call(place: string, work: Work, live: (text: string) => void, signal: AbortSignal): Promise<unknown>;
  /** Does something with files in the actor of a place, started where none runs. Rejects as `call` does. */
  files(place: string, asked: unknown, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<FilesAct>;
  /** Starts the actor of a place, so that its first call need not wait for it. */
  warm(place: string): void;
  /** The mission of this directory is over. */
  forget(place: string, directory: string): void;
  /** How many run. */
  count(): number;
  /** Ends all of them; resolves when they are gone. */
  end(): Promise<void>;
}

/** The message is the system's reason. */
export class ActorNotStarted extends Error {}

/**
 * So long without a call an actor is kept: a person who reads what was done and answers has the next call at once, and
 * what the session has read is still known. It takes some 50 MB.
 */
export const idleMs = 10 * 60_000;

interface Held {
  actor: Promise<Actor>;
  calls: number;
  cancelIdle: Cancel | undefined;
  /** While it is asked whether it may end: a call waits for what comes of it. */
  resting: Promise<void> | undefined;
  /** What is left of a mission that is over ends only with it: it ends as soon as it has nothing to do. */
  hasStrays: boolean;
}

export interface ActorsSpec {
  start(place: string): Promise<Actor>;
  clock: Clock;
  log: Log;
}

/** The actors that run, one for each place. */
export const createActors = ({ start, clock, log }: ActorsSpec): Actors => {
  const held = new Map<string, Held>();

  const begin = (place: string): Held => {
    const actor = start(place).catch((error: unknown) => {
      throw new ActorNotStarted(error instanceof Error ? error.message : String(error));
    });
    const one: Held = { actor, calls: 0, cancelIdle: undefined, resting: undefined, hasStrays: false };
    held.set(place, one);
    const drop = (): void => {
      one.cancelIdle?.();
      if (held.get(place) === one) held.delete(place);
    };
    actor.then(({ ended, onStrays }) => {
      onStrays(() => {
        one.hasStrays = true;
        if (one.calls === 0 && !one.resting && held.get(place) === one) restNow(place, one);
      });
      return ended.then(drop);
    }, drop);
    return one;
  };

  const restNow = (place: string, one: Held): void => {
    one.cancelIdle?.();
    one.resting = rest(place, one).finally(() => {
      one.resting = undefined;
    });
  };

  const restLater = (place: string, one: Held): void => {
    one.cancelIdle?.();
    one.cancelIdle = clock.after(idleMs, () => restNow(place, one), { keepsAlive: false });
  };

  /** Ends an actor with nothing to do. One with a command in the background is asked again later. */
  const rest = async (place: string, one: Held): Promise<void> => {
    const actor = await one.actor;
    if (!(await actor.mayEnd())) return restLater(place, one);
    log.info('actor.rests', { place, pid: actor.pid });
    await actor.end();
  };

  /** The actor of a place, which from then on has this call too, in the same instant: it can't be sent to rest. */
  const forCall = async (place: string): Promise<Held> => {
    for (;;) {
      const one = held.get(place) ?? begin(place);
      if (!one.resting) {
        one.cancelIdle?.();
        one.calls += 1;
        return one;
      }
      await one.resting;
    }
  };

  const callOver = (place: string, one: Held): void => {
    one.calls -= 1;
    if (one.calls === 0 && held.get(place) === one) restLater(place, one);
  };

  return {
    call: async (place, work, live, signal) => {
      const one = await forCall(place);
      try {
        return await (await one.actor).call(work, live, signal);
      } finally {
        callOver(place, one);
      }
    },
    files: async (place, asked, body, signal) => {
      const one = await forCall(place);
      try {
        const act = (await one.actor).files(asked, body, signal);
        void act.ended.then(() => callOver(place, one));
        return act;
      } catch (error) {
        callOver(place, one);
        throw error;
      }
    },
    warm: (place) => {
      if (held.has(place)) return;
      const one = begin(place);
      one.actor.then(
        () => one.calls === 0 && restLater(place, one),
        (error: unknown) => log.error('actor.not_started', { place, error }), // The first call says so to the model.
      );
    },
    forget: (place, directory) => {
      const one = held.get(place);
      one?.actor.then(
        (actor) => actor.forget(directory),
        () => undefined, // None runs, so nothing does.
      );
    },
    count: () => held.size,
    end: async () => {
      const ends = [...held.values()].map(({ actor }) =>
        actor.then(
          (one) => one.end(),
          () => undefined, // It was not started.
        ),
      );
      await Promise.all(ends);
    },
  };
};
