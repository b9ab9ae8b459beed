// The hostile user of a round, beside the ordinary one: for as long as the fault lasts everything of
// faults/hostile-user.ts, again and again, over quotas that are soon used up; and a stream that is read, for what it
// should not have.
import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import type { Limits } from '../../shared/quotas.ts';
import { defaultLimits } from '../../shared/quotas.ts';
import { count, hostileActs, type Spoils, type Target } from '../faults/hostile-user.ts';
import { type Laboratory, password } from '../faults/laboratory.ts';
import { Viewer } from '../support/steady-viewer.ts';

/** Who is who in a laboratory of chaos; one is marked as admin, so that the others are none. */
export const ordinary = 'ada';
export const people = {
  users: [{ username: ordinary, password }],
  unwatched: [
    { username: 'mallory', password },
    { username: 'root', password, admin: true },
  ],
};

/** So few that all of them are used up within a second, on any machine. */
const limits: Partial<Limits> = {
  mission_waiting_messages: 8,
  mission_waiting_bytes: 512 * 1024,
  waiting_messages: 20,
  waiting_bytes: 768 * 1024,
  missions: 30,
  calls: 6,
  uploads: 3,
  streams: 12,
};
/** So often over each. */
const rounds = 3;
const queued = z.array(z.looseObject({ id: z.string() }));
/** Between two tries where no edge is. */
const againMs = 50;

/** What the round's judge is to know of this user. */
export interface HostileRecord {
  missions: Set<string>;
  /** Missions that the user's own stream told of. */
  seen: ReadonlySet<string>;
  /** Answers that have something of the ordinary user, and such as no route gives. */
  wrong: string[];
  statuses: Spoils['statuses'];
}

export type Hostile = Awaited<ReturnType<typeof openHostile>>;

/** Sets the quotas, which stay. */
export const limitHostile = async (lab: Laboratory): Promise<void> => {
  const root = await lab.person({ username: 'root', direct: true });
  const { status, text } = await root.call('PUT', '/api/quotas/mallory', limits);
  if (status !== 200) throw new Error(`the quotas were not set: ${status} ${text}`);
};

/** `secret` is in every text of the ordinary user, and in nothing that others may see. */
export const openHostile = async (lab: Laboratory, secret: string) => {
  const mallory = await lab.person({ username: 'mallory', direct: true });
  const reader = new Viewer('delta', () => lab.edge.url, await lab.headersOf({ username: 'mallory', password }));
  const record: HostileRecord = {
    missions: new Set(),
    seen: reader.reading.missions,
    wrong: [],
    statuses: new Map(),
  };
  /** Made, and perhaps not removed yet. */
  const left = new Set<string>();
  let target: Target = { mission: crypto.randomUUID(), message: crypto.randomUUID() };
  let answers = 0;
  let over = new AbortController();
  let acting: Promise<unknown> = Promise.resolve();

  const heard = (kind: string, status: number, text: string): void => {
    answers += 1;
    count(record.statuses, kind, status);
    if (text.includes(secret)) record.wrong.push(`${kind} was answered with what is another's: ${text.slice(0, 500)}`);
    if (status === 500 || (status === 401 && kind !== 'login'))
      record.wrong.push(`${kind} was answered ${status}: ${text.slice(0, 500)}`);
  };
  const act = async (acts: () => Promise<unknown>): Promise<void> => {
    try {
      await acts();
    } catch (error) {
      if (!(error instanceof TypeError)) record.wrong.push(String(error)); // No edge, or it went away meanwhile.
      await wait(againMs);
    }
  };
  const begun = (): Promise<unknown> => {
    const made = (mission: string): void => {
      record.missions.add(mission);
      left.add(mission);
    };
    const means = { mallory, target, limits: { ...defaultLimits, ...limits }, rounds, heard, made };
    return Promise.all(
      Object.values(hostileActs(means)).map(async (each) => {
        while (!over.signal.aborted) await act(each);
      }),
    );
  };
  /** Stops and removes all that was made: what waits first, since it would be begun behind what is stopped. */
  const clear = async (): Promise<void> => {
    const tried = (method: string, path: string) => mallory.call(method, path).catch(() => null);
    while (left.size > 0) {
      const queue = await tried('GET', '/api/control/queue');
      const waiting = queue?.status === 200 ? queued.parse(queue.json) : [];
      await Promise.all(waiting.map(({ id }) => tried('DELETE', `/api/control/queue/${id}`)));
      for (const mission of left) {
        await tried('POST', `/api/control/missions/${mission}/cancel`);
        const answer = await tried('DELETE', `/api/control/missions/${mission}`);
        if (answer?.status === 200 || answer?.status === 404) left.delete(mission);
      }
      await wait(againMs);
    }
  };

  return {
    record,
    /** What the ordinary user has said last. */
    aimAt: (next: Target): void => {
      target = next;
    },
    begin: (): void => {
      over = new AbortController();
      reader.watch();
      acting = begun();
    },
    /** Resolves when nothing of it is under way or waits, for which there has to be an edge. */
    end: async (): Promise<void> => {
      over.abort();
      await acting;
      await reader.leave();
      await clear();
    },
    answers: (): number => answers,
  };
};
