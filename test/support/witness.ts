// Somebody who watches everything of one user from the beginning, in both renderings, and then looks whether a reload
// shows the same.
import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import { storedEvents } from './comparison.ts';
import { eventMs } from './patience.ts';
import { personAt } from './person.ts';
import { differences, type Reloaded } from './same-conversation.ts';
import { Viewer } from './steady-viewer.ts';

export type Witness = Awaited<ReturnType<typeof startWitness>>;

/**
 * Nothing has moved for so long, in the streams and in what a reload shows: they differ for good. More than twice the
 * slowest event (patience.ts), and not all of its patience, because every planted bug waits for it.
 */
const stillMs = eventMs / 6;
const lookMs = 50;

/** `GET missions/:id`, as far as it is the conversation. */
export const missionHistory = z.object({
  history: z.array(
    z.object({ role: z.enum(['user', 'assistant']), content: z.string(), queued: z.literal(true).optional() }),
  ),
});

/** Begins to watch; `url` is asked at each dial, `headers` prove who it is. */
export const startWitness = async (url: () => string, headers: Record<string, string>) => {
  const log = new Viewer('delta', url, headers);
  const apps = new Viewer('default', url, headers);
  const person = personAt(url, headers);
  for (const viewer of [log, apps]) viewer.watch();
  await Promise.all([log, apps].map((viewer) => viewer.until(() => viewer.reading.isTold)));
  /** The last row of each mission that was found to be the same. */
  const agreed = new Map<string, number>();

  /** Missions that something was shown of since, with the seq of its last row. */
  const changed = (): [string, number][] => {
    const last = new Map<string, number>();
    for (const { seq, mission, event } of log.reading.rows.values()) {
      if (mission === null) continue;
      if (event.type === 'mission.deleted') last.delete(mission);
      else last.set(mission, seq);
    }
    return [...last].filter(([mission, seq]) => agreed.get(mission) !== seq);
  };

  const reload = async (mission: string): Promise<Reloaded> => {
    const shown = await person.call('GET', `/api/control/missions/${mission}`);
    if (shown.status !== 200) throw new Error(`its reload answers ${shown.status}: ${shown.text}`);
    return { ...missionHistory.parse(shown.json), stored: await storedEvents(person, mission) };
  };

  const look = async (): Promise<string[]> => {
    const found: string[] = [];
    for (const [mission, seq] of changed()) {
      const different = await reload(mission).then(
        (reloaded) => differences(mission, reloaded, log.reading, [apps.reading]),
        (error: unknown) => [String(error)],
      );
      if (different.length === 0) agreed.set(mission, seq);
      found.push(...different.map((text) => `mission ${mission}: ${text}`));
    }
    return found;
  };

  /** What no client may ever see; a position may be gone, where the edge was replaced. */
  const refused = (): string[] =>
    [log, apps].flatMap(({ reading }) => [
      ...reading.doubled.map((text) => `told twice: ${text}`),
      ...reading.wrong.filter((text) => !text.endsWith('although its position was valid')),
    ]);

  return {
    /**
     * How what was seen differs from a reload, of all that has changed since the last look; nothing, as soon as it does
     * not.
     */
    differences: async (): Promise<string[]> => {
      let [before, since] = ['', performance.now()];
      for (;;) {
        const found = [...(await look()), ...refused()];
        if (found.length === 0) return found;
        const now = JSON.stringify([log.reading.seq, apps.reading.seq, found]);
        if (now !== before) [before, since] = [now, performance.now()];
        if (performance.now() - since > stillMs) return found;
        await wait(lookMs);
      }
    },
    leave: async (): Promise<void> => {
      await Promise.all([log.leave(), apps.leave()]);
    },
  };
};

/** What all of them saw otherwise. */
export const allDifferences = async (witnesses: readonly Witness[]): Promise<string[]> =>
  (await Promise.all(witnesses.map((witness) => witness.differences()))).flat();

/** Throws where a witness saw something else than a reload shows. */
export const expectSameConversations = async (witnesses: readonly Witness[]): Promise<void> => {
  const found = await allDifferences(witnesses);
  if (found.length > 0) throw new Error(`what was seen is not what a reload shows:\n${found.join('\n')}`);
};
