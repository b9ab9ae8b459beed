import { exceededText, type Limits, type QuotaName, quotas } from '../../../shared/quotas.ts';
import { waitingIn, waitingMissions, waitingOf } from '../messages/waiting.ts';
import { refuse } from '../replies.ts';

/** What an owner has of this server now, by quota; those that are counted elsewhere are left out. */
export type Usage = Partial<Record<QuotaName, number>>;

const stored = (sql: SqlStorage, owner: string): { missions: number; log_bytes: number } =>
  sql
    .exec<{ missions: number; log_bytes: number }>('SELECT missions, log_bytes FROM usage WHERE owner = ?', owner)
    .toArray()[0] ?? { missions: 0, log_bytes: 0 };

/** How many missions an owner has here, deleted ones that can be had back included. */
export const missionsOf = (sql: SqlStorage, owner: string): number => stored(sql, owner).missions;

/** Whether anything of an owner is here, also what is deleted and can be had back. */
export const hasMissions = (sql: SqlStorage, owner: string): boolean => missionsOf(sql, owner) > 0;

/** What is counted in the tables. */
export const usageOf = (sql: SqlStorage, owner: string): Usage => {
  const { messages, bytes } = waitingOf(sql, owner);
  let [most, mostBytes] = [0, 0];
  for (const mission of waitingMissions(sql, owner)) {
    most = Math.max(most, mission.messages);
    mostBytes = Math.max(mostBytes, mission.bytes);
  }
  return {
    ...stored(sql, owner),
    waiting_messages: messages,
    waiting_bytes: bytes,
    mission_waiting_messages: most,
    mission_waiting_bytes: mostBytes,
  };
};

type Refusal = ReturnType<typeof refuse>;

/** The refusal of what would exceed a quota: 413 for a size, 429 for a number. */
export const exceeded = (name: QuotaName, limits: Limits): Refusal =>
  refuse(quotas[name].unit === 'bytes' ? 'too_large' : 'too_many', exceededText(name, limits[name]));

/** The first quota that would be above its limit, as a refusal; null where all have room. */
const firstAbove = (wanted: Partial<Record<QuotaName, number>>, limits: Limits): Refusal | null => {
  for (const name of Object.keys(wanted) as (keyof typeof wanted)[])
    if ((wanted[name] ?? 0) > limits[name]) return exceeded(name, limits);
  return null;
};

/** Why an owner may not open one more mission here, or null. */
export const noRoomForMission = (sql: SqlStorage, owner: string, limits: Limits): Refusal | null =>
  firstAbove({ missions: stored(sql, owner).missions + 1 }, limits);

/**
 * Why a message of so many more bytes may not wait in a mission, or null. `messages`: 1 for a new one, 0 where one gets
 * another text. Only what is new is refused: a turn that runs is never ended for a quota.
 */
export const noRoomForMessage = (
  sql: SqlStorage,
  { owner, mission, messages, bytes }: { owner: string; mission: string; messages: 0 | 1; bytes: number },
  limits: Limits,
): Refusal | null => {
  if (bytes <= 0 && messages === 0) return null;
  const here = waitingIn(sql, mission);
  const all = waitingOf(sql, owner);
  return firstAbove(
    {
      ...(messages === 0
        ? {}
        : { mission_waiting_messages: (here?.messages ?? 0) + 1, waiting_messages: all.messages + 1 }),
      mission_waiting_bytes: (here?.bytes ?? 0) + bytes,
      waiting_bytes: all.bytes + bytes,
      log_bytes: stored(sql, owner).log_bytes + bytes,
    },
    limits,
  );
};
