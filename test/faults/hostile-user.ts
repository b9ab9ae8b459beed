// A user who does the largest legal and the first illegal thing of each kind, as fast as the edge answers, and looks
// for what is another's.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import { maxMessageBytes } from '../../shared/limits.ts';
import { defaultLimits, type Limits } from '../../shared/quotas.ts';
import { asks } from '../support/asking-agent.ts';
import type { Person } from '../support/person.ts';

/** What was answered: statuses by kind, and every text, in which nothing of anybody else may be. */
export interface Spoils {
  statuses: Map<string, Map<number, number>>;
  texts: string[];
}

/** Somebody else's, by name: what a link that was sent to the wrong person would give away. */
export interface Target {
  mission: string;
  message: string;
}

export interface Hostility {
  mallory: Person;
  target: Target;
  /** What applies to this user. */
  limits: Limits;
  /** So often over each quota, and so often where no quota ends it sooner. */
  rounds: number;
  /** Hears of every answer. */
  heard(kind: string, status: number, text: string): void;
  /** Hears of every mission that was made. */
  made(mission: string): void;
}

/** Longer than any message that is let in, by one byte. */
const tooMany = 1;
const madeJson = z.looseObject({ id: z.string() });

/** A stream is held open also where it is one too many: what it tells within this is looked at. */
const lookMs = 200;

const beginningOf = async (response: Response): Promise<string> => {
  if (!response.ok) return response.text();
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const over = wait(lookMs).then(() => ({ done: true, value: '' }));
  let told = '';
  for (;;) {
    const next = await Promise.race([over, reader?.read() ?? over]);
    if (next.done) break;
    told += next.value;
  }
  await reader?.cancel();
  return told;
};

/** Every kind of thing, each to be done beside the others; a refusal is an answer, and no edge at all is an error. */
export const hostileActs = ({ mallory, target, limits, rounds, heard, made }: Hostility) => {
  const ask = async (kind: string, method: string, path: string, body?: unknown) => {
    const answer = await mallory.call(method, path, body);
    heard(kind, answer.status, answer.text);
    return answer;
  };
  const times = <T>(count: number, act: (index: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: count }, (_, index) => act(index)));
  /** Null when it was refused. */
  const newMission = async (): Promise<string | null> => {
    const answer = await ask('create', 'POST', '/api/control/missions', {});
    if (answer.status !== 200) return null;
    const { id } = madeJson.parse(answer.json);
    made(id);
    return id;
  };
  const remove = (mission: string) => ask('delete', 'DELETE', `/api/control/missions/${mission}`);
  const send = (kind: string, mission: string, content: string) =>
    ask(kind, 'POST', '/api/control/message', { content, mission_id: mission });
  /** In a mission whose turn waits, so that everything behind it stays in the queue. */
  const inBusyMission = async (act: (mission: string) => Promise<unknown>, script?: string): Promise<void> => {
    const mission = await newMission();
    if (mission === null) return;
    await send('message', mission, script ?? `WAIT never-${randomUUID()}`);
    await act(mission);
    await ask('cancel', 'POST', `/api/control/missions/${mission}/cancel`);
    await remove(mission);
  };

  return {
    longMessages: () =>
      inBusyMission(async (mission) => {
        const control = '\u0001'.repeat(maxMessageBytes);
        const fitting = Math.ceil(limits.mission_waiting_bytes / maxMessageBytes);
        await times(fitting + rounds, () => send('control', mission, control));
        await send('too long', mission, 'x'.repeat(maxMessageBytes + tooMany));
        await send('empty', mission, '');
      }),
    manyMessages: () =>
      inBusyMission(async (mission) => {
        await times(limits.mission_waiting_messages + rounds, (index) => send('queue', mission, `SAY ${index}`));
        await ask('queued', 'GET', '/api/control/queue');
      }),
    /** Asks, is asked, and answers what nobody asked. */
    questions: () =>
      inBusyMission(async () => {
        const answer = { tool_call_id: randomUUID(), name: 'question', result: 'made up' };
        await times(rounds, () => ask('answer', 'POST', '/api/control/tool_result', answer));
        await times(rounds, () =>
          ask('answer', 'POST', `/api/control/questions/${randomUUID()}`, { answers: [['?']] }),
        );
        await ask('asked', 'GET', '/api/control/permissions');
      }, asks('Which one?')),
    deletes: async (): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        const mission = await newMission();
        if (mission !== null) await times(2, () => remove(mission));
      }
    },
    /** Opened, and not read; those that are too many are held as well. */
    streams: async (): Promise<void> => {
      const opened = await times(limits.streams + rounds, () => mallory.open('GET', '/api/control/stream'));
      for (const { status } of opened) heard('stream', status, '');
      await Promise.all(opened.map(({ body }) => body?.cancel()));
    },
    cursors: async (): Promise<void> => {
      const wrong = ['garbage', '-1', `${randomUUID()}:1:1:1`, '\u{1F600}', 'x'.repeat(4_000)];
      for (const after of wrong) {
        const path = `/api/control/stream?format=delta&after=${encodeURIComponent(after)}`;
        const { status, body } = await mallory.open('GET', path);
        heard('cursor', status, '');
        await body?.cancel();
      }
    },
    uploads: async (): Promise<void> => {
      await times(limits.uploads + rounds, async (index) => {
        const form = new FormData();
        form.set('file', new Blob(['begun and left']), `left-${index}`);
        const query = `path=context&total_chunks=9&chunk_index=0&upload_id=${randomUUID()}`;
        const { status, text } = await mallory.send('POST', `/api/fs/upload-chunk?${query}`, form);
        heard('upload', status, text);
      });
    },
    calls: () => times(limits.calls + rounds, () => ask('call', 'GET', '/api/fs/list?path=context')),
    prying: async (): Promise<void> => {
      const { mission, message } = target;
      const path = `/api/control/missions/${mission}`;
      await ask('pry', 'GET', path);
      await ask('pry', 'GET', `${path}/events`);
      const stream = await mallory.open('GET', `/api/control/stream?mission_id=${mission}`);
      heard(stream.ok ? 'stream' : 'pry', stream.status, await beginningOf(stream));
      await ask('pry', 'POST', `${path}/cancel`);
      await ask('pry', 'DELETE', path);
      await ask('pry', 'DELETE', `/api/control/queue/${message}`);
      await send('pry', mission, 'SAY mine now');
      await ask('list', 'GET', '/api/control/missions');
      await ask('list', 'GET', '/api/control/running');
    },
    logins: () =>
      times(rounds, () => ask('login', 'POST', '/api/auth/login', { username: randomUUID(), password: 'guessed' })),
  } satisfies Record<string, () => Promise<unknown>>;
};

/** Does all of it at once; resolves when nothing is under way. */
export const attack = async (mallory: Person, target: Target, rounds: number): Promise<Spoils> => {
  const spoils: Spoils = { statuses: new Map(), texts: [] };
  const heard = (kind: string, status: number, text: string): void => {
    count(spoils.statuses, kind, status);
    spoils.texts.push(text);
  };
  const acts = hostileActs({ mallory, target, limits: defaultLimits, rounds, heard, made: () => undefined });
  await Promise.all(Object.values(acts).map((act) => act()));
  return spoils;
};

export const count = (statuses: Spoils['statuses'], kind: string, status: number): void => {
  const counts = statuses.get(kind) ?? new Map<number, number>();
  counts.set(status, (counts.get(status) ?? 0) + 1);
  statuses.set(kind, counts);
};
