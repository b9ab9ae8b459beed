// A user who does the largest legal and the first illegal thing of each kind, as fast as the edge answers, and looks
// for what is another's.
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { maxMessageBytes } from '../../shared/limits.ts';
import { defaultLimits } from '../../shared/quotas.ts';
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

/** Longer than any message that is let in, by one byte. */
const tooMany = 1;
const made = z.looseObject({ id: z.string() });

/** Does all of it at once, `rounds` times where a quota does not end it sooner; resolves when nothing is under way. */
export const attack = async (mallory: Person, target: Target, rounds: number): Promise<Spoils> => {
  const spoils: Spoils = { statuses: new Map(), texts: [] };
  const note = (kind: string, status: number, text: string): void => {
    const counts = spoils.statuses.get(kind) ?? new Map<number, number>();
    counts.set(status, (counts.get(status) ?? 0) + 1);
    spoils.statuses.set(kind, counts);
    spoils.texts.push(text);
  };
  const ask = async (kind: string, method: string, path: string, body?: unknown) => {
    const answer = await mallory.call(method, path, body);
    note(kind, answer.status, answer.text);
    return answer;
  };
  const times = <T>(count: number, act: (index: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: count }, (_, index) => act(index)));
  const newMission = async (): Promise<string> =>
    made.parse((await ask('create', 'POST', '/api/control/missions', {})).json).id;
  const send = (kind: string, mission: string, content: string) =>
    ask(kind, 'POST', '/api/control/message', { content, mission_id: mission });

  /** A mission whose turn waits, so that everything behind it stays in the queue. */
  const busyMission = async (): Promise<string> => {
    const mission = await newMission();
    await send('message', mission, `WAIT never-${randomUUID()}`);
    return mission;
  };
  const queues = async (): Promise<void> => {
    const [large, many] = [await busyMission(), await busyMission()];
    const control = '\u0001'.repeat(maxMessageBytes);
    await times(defaultLimits.mission_waiting_bytes / maxMessageBytes + rounds, () => send('control', large, control));
    await send('too long', large, 'x'.repeat(maxMessageBytes + tooMany));
    await send('empty', large, '');
    await times(defaultLimits.mission_waiting_messages + rounds, (index) => send('queue', many, `SAY ${index}`));
    await ask('queued', 'GET', '/api/control/queue');
    for (const mission of [large, many]) await ask('delete', 'DELETE', `/api/control/missions/${mission}`);
  };
  const deletes = async (): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      const mission = await newMission();
      await times(2, () => ask('delete', 'DELETE', `/api/control/missions/${mission}`));
    }
  };
  /** Opened, and not read; those that are too many are held as well. */
  const streams = async (): Promise<void> => {
    const opened = await times(defaultLimits.streams + rounds, () => mallory.open('GET', '/api/control/stream'));
    for (const { status } of opened) note('stream', status, '');
    await Promise.all(opened.map(({ body }) => body?.cancel()));
  };
  const cursors = async (): Promise<void> => {
    const wrong = ['garbage', '-1', `${randomUUID()}:1:1:1`, '\u{1F600}', 'x'.repeat(4_000)];
    for (const after of wrong) {
      const path = `/api/control/stream?format=delta&after=${encodeURIComponent(after)}`;
      const { status, body } = await mallory.open('GET', path);
      note('cursor', status, '');
      await body?.cancel();
    }
  };
  const uploads = async (): Promise<void> => {
    await times(defaultLimits.uploads + rounds, async (index) => {
      const form = new FormData();
      form.set('file', new Blob(['begun and left']), `left-${index}`);
      const query = `path=/tmp&total_chunks=9&chunk_index=0&upload_id=${randomUUID()}`;
      const { status, text } = await mallory.send('POST', `/api/fs/upload-chunk?${query}`, form);
      note('upload', status, text);
    });
  };
  const calls = (): Promise<unknown> =>
    times(defaultLimits.calls + rounds, () => ask('call', 'GET', '/api/fs/list?path=/tmp'));
  const prying = async (): Promise<void> => {
    const { mission, message } = target;
    const path = `/api/control/missions/${mission}`;
    await ask('pry', 'GET', path);
    await ask('pry', 'GET', `${path}/events`);
    await ask('pry', 'GET', `/api/control/stream?mission_id=${mission}`);
    await ask('pry', 'POST', `${path}/cancel`);
    await ask('pry', 'DELETE', path);
    await ask('pry', 'DELETE', `/api/control/queue/${message}`);
    await send('pry', mission, 'SAY mine now');
    await ask('list', 'GET', '/api/control/missions');
    await ask('list', 'GET', '/api/control/running');
  };
  const logins = (): Promise<unknown> =>
    times(rounds, () => ask('login', 'POST', '/api/auth/login', { username: randomUUID(), password: 'guessed' }));

  await Promise.all([queues(), deletes(), streams(), cursors(), uploads(), calls(), prying(), logins()]);
  return spoils;
};
