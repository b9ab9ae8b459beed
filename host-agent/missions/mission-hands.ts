import { type Clock, wait } from '../../shared/clock.ts';
import { AppError, type ErrorCode, httpStatus } from '../../shared/errors.ts';
import type { MissionId } from '../../shared/ids.ts';
import { type HandsControl, HandsRefused } from '../hands/control/client.ts';
import { declaredTools } from '../hands/declared/all.ts';
import type { HandsMission } from '../hands/missions.ts';
import type { SnapshotWish } from '../hands/snapshots/words.ts';
import type { Client } from '../opencode/api/client.ts';
import { OpenCodeRefused } from '../opencode/api/failure.ts';
import { missingTools } from '../opencode/plugin/missing-tools.ts';
import type { Log } from '../process/log.ts';
import type { TurnRecord } from '../store/turns.ts';

/** What acts for the agents of missions. */
export interface MissionHands {
  /**
   * Resolves once calls of the mission's agents can be done: the hands take them, and OpenCode makes them. The hands
   * are asked each time, since those of before may have been replaced; OpenCode unless `isAsBefore`, where it is known
   * to be the process of the turn before, as it was left. Rejects with the next step for a person, and as Client does.
   */
  ready(mission: HandsMission, isAsBefore: boolean): Promise<void>;
  /** The first half of that: its directory is in its owner's place. Rejects as `ready` does. */
  register(mission: HandsMission): Promise<void>;
  /**
   * A turn is about to begin: its tools wait until it is kept what the mission's files are. Never rejects: a turn does
   * without.
   */
  begins(turn: BorderedTurn): Promise<void>;
  /** A turn has ended. Nobody waits for it. */
  ended(turn: BorderedTurn): void;
  /** What people ask of a mission's snapshots. Throws AppError. */
  snapshots(mission: HandsMission, wish: SnapshotWish): Promise<unknown>;
  /** What the mission's agents still run ends; all else stays. Hands that are away have nothing that runs. */
  end(mission: MissionId): Promise<void>;
  /** The mission is deleted: what its agents still run ends. Hands that are away have nothing that runs. */
  forget(mission: MissionId): Promise<void>;
}

type BorderedTurn = Pick<TurnRecord, 'mission' | 'turn' | 'command'>;

interface MissionHandsParts {
  control: Pick<HandsControl, 'register' | 'end' | 'forget' | 'snapshots'>;
  client: Pick<Client, 'toolNames'>;
  /** False where OpenCode has its own tools: one that a person has started. */
  inUse(): boolean;
  clock: Clock;
  log: Log;
}

/** Hands that are being started again take a second or two, and on a busy machine more. */
const awayMs = 10_000;
const lookMs = 100;
/** They answer within a millisecond or two, busy ones too; this is for such as were stopped or hang. */
const answerMs = 30_000;
/** How often OpenCode is asked for its tools where it answers that it failed, and the pause between. */
const mostTries = 4;
const againMs = 500;
/** A turn waits so long for hands that were there a moment ago, and then does without. */
const borderMs = 2_000;

export const missionHands = ({ control, client, inUse, clock, log }: MissionHandsParts): MissionHands => {
  const registerOnce = async (mission: HandsMission): Promise<void> => {
    const late = new AbortController();
    const cancel = clock.after(answerMs, () => late.abort());
    try {
      await control.register(mission, late.signal);
    } finally {
      cancel();
    }
  };
  const register = async (mission: HandsMission): Promise<void> => {
    for (const until = clock.steadyMs() + awayMs; ; await wait(clock, lookMs)) {
      try {
        return await registerOnce(mission);
      } catch (error) {
        if (error instanceof HandsRefused) throw new Error(refusedText(error.message), { cause: error });
        if (clock.steadyMs() > until) throw new Error(awayText, { cause: error });
      }
    }
  };
  const unlessAway = (mission: MissionId, done: Promise<void>): Promise<void> =>
    done.catch((error: unknown) => log.info('hands.away', { mission, error }));
  return {
    register,
    ready: async (mission, isAsBefore) => {
      if (!inUse()) return;
      await Promise.all([register(mission), isAsBefore ? undefined : requireTools(client, clock, mission.directory)]);
    },
    begins: async ({ mission, turn, command }) => {
      if (!inUse()) return;
      const late = new AbortController();
      const cancel = clock.after(borderMs, () => late.abort());
      await control.snapshots(mission, { verb: 'begin', turn, message: command }, { signal: late.signal }).then(
        () => undefined,
        (error: unknown) => log.warn('turn.not_kept', { mission, turn, error }),
      );
      cancel();
    },
    ended: ({ mission, turn }) => {
      if (!inUse()) return;
      control
        .snapshots(mission, { verb: 'end', turn })
        .catch((error: unknown) => log.warn('turn.not_kept', { mission, turn, error }));
    },
    snapshots: async (mission, wish) => {
      if (!inUse()) throw new AppError('unavailable', ownToolsText);
      try {
        const ask = () => control.snapshots(mission.mission, wish, { owner: mission.owner });
        const answer = await ask().catch(async (error: unknown) => {
          if (!(error instanceof HandsRefused)) throw error;
          await registerOnce(mission); // They have forgotten it, or are of another state.
          return ask();
        });
        if (answer.ok) return answer.value;
        throw new AppError(codeOf(answer.code), answer.text);
      } catch (error) {
        if (error instanceof AppError) throw error;
        throw new AppError('unavailable', awayFromFilesText, { cause: error });
      }
    },
    end: (mission) => unlessAway(mission, control.end(mission)),
    forget: (mission) => unlessAway(mission, control.forget(mission)),
  };
};

const awayText =
  'The process that runs the tools of agents does not answer on this server, so an agent could do nothing. It is started ' +
  'again by itself: send the message again in a moment. If that does not help, hands.log on the server says why.';

const ownToolsText =
  'This server runs an OpenCode that somebody else has started, with tools of its own, so Open Agent does not see what ' +
  'turns change.';

const awayFromFilesText =
  'The process that acts for agents does not answer on this server, so nothing can be said of the files. It is started ' +
  'again by itself: try again in a moment. If that does not help, hands.log on the server says why.';

const isCode = (code: string): code is ErrorCode => code in httpStatus;

const codeOf = (code: string): ErrorCode => (isCode(code) ? code : 'internal');

const refusedText = (why: string): string =>
  `The process that runs the tools of agents on this server can't take this mission: ${why}. An agent could do nothing. ` +
  'Mend that, and send the message again; hands.log on the server says more.';

/**
 * Without our tools an agent has none (opencode §10.8), and would only tell a person that it can do nothing.
 */
const requireTools = async (client: Pick<Client, 'toolNames'>, clock: Clock, directory: string): Promise<void> => {
  const missing = missingTools(await toolNames(client, clock, directory), declaredTools);
  if (missing.length === 0) return;
  throw new Error(
    `OpenCode runs without the tools of Open Agent (${missing.join(', ')}), so an agent could do nothing. Remove ` +
      'OPENCODE_PURE from the settings if it is there, restart Open Agent on the server, and send the message again. ' +
      "OpenCode's log on the server says why a plug-in was not loaded.",
  );
};

/**
 * OpenCode was seen to answer the first question about a directory with 500 and later ones as it should, for a reason
 * that was not found (the fault laboratory, three times): asking again changes nothing there.
 */
const toolNames = async (client: Pick<Client, 'toolNames'>, clock: Clock, directory: string): Promise<string[]> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await client.toolNames(directory);
    } catch (error) {
      const mayPass = error instanceof OpenCodeRefused && error.status >= 500 && tries < mostTries;
      if (!mayPass) throw error;
      await wait(clock, againMs);
    }
  }
};
