// As many waiting messages as a user may have, and as long.
import * as z from 'zod';
import { defaultLimits } from '../../shared/quotas.ts';

/** Missions with a turn each, so that whatever is sent to them waits: as many as fill the quota of waiting messages. */
export const fullQueues = Math.ceil(defaultLimits.waiting_messages / defaultLimits.mission_waiting_messages);

/** Requests at once. */
const atOnce = 16;
const taken = z.object({ id: z.string() });

export interface Waiting {
  id: string;
  text: string;
  mission: string;
}

/** Texts so long that the first mission is full, and so many bytes wait in all as may. */
const textsOf = (missions: readonly string[]): Omit<Waiting, 'id'>[] => {
  const { mission_waiting_messages: many, mission_waiting_bytes: full, waiting_bytes: all } = defaultLimits;
  const others = Math.floor((all - full) / (missions.length - 1) / many);
  return missions.flatMap((mission, index) =>
    Array.from({ length: many }, () => ({ mission, text: 'x'.repeat(index === 0 ? Math.floor(full / many) : others) })),
  );
};

/**
 * Sends them to these missions (`fullQueues` of them) by `send`, and gives them in the order in which they were taken.
 */
export const fillQueues = async (
  missions: readonly string[],
  send: (mission: string, content: string) => Promise<{ status: number; text: string }>,
): Promise<Waiting[]> => {
  const wanted = textsOf(missions);
  const waiting: Waiting[] = [];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
        const { status, text } = await send(next.mission, next.text);
        if (status !== 200) throw new Error(`a message was answered ${status}: ${text}`);
        waiting.push({ ...next, ...taken.parse(JSON.parse(text)) });
      }
    }),
  );
  return waiting;
};
