// Someone with a mission: says what is planned, as often as planned, and goes on when it was answered, whatever breaks
// meanwhile.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import type { Answer, Person } from '../support/person.ts';
import type { Row } from '../support/reading.ts';
import type { Viewer } from '../support/steady-viewer.ts';
import type { Instants } from './instants.ts';
import type { Instant, MessagePlan } from './schedule.ts';

export interface Said {
  id: string;
  content: string;
}

export interface Conversation {
  mission: string;
  messages: Said[];
}

export interface Means {
  person: Person;
  /** Sees everything that is logged. */
  keeper: Viewer;
  instants: Instants;
  over: AbortSignal;
  /** Hears of every message as it is said. */
  said?(mission: string, message: string): void;
}

/** Between two tries of a request that found no edge. */
const againMs = 50;

const made = z.looseObject({ id: z.string() });

/** Has the whole conversation; resolves when every message has its end in the log. */
export const converse = async (means: Means, plans: readonly MessagePlan[]): Promise<Conversation> => {
  const mission = await oneAnswer(means, '/api/control/missions', { title: 'chaos' }, 1);
  const messages: Said[] = [];
  const cancels: Promise<void>[] = [];
  const allEnded = new AbortController();
  const whileRunning = { ...means, over: AbortSignal.any([means.over, allEnded.signal]) };
  for (const { content, requests, atOnce, cancelAfter } of plans) {
    const before = messages.at(-1);
    if (before && !atOnce) await ended(means, before.id);
    const id = await oneAnswer(means, '/api/control/message', { content, mission_id: mission }, requests);
    messages.push({ id, content });
    means.said?.(mission, id);
    if (cancelAfter) cancels.push(cancelAt(whileRunning, mission, cancelAfter));
  }
  for (const { id } of messages) await ended(means, id);
  allEnded.abort();
  await Promise.all(cancels);
  return { mission, messages };
};

/** True for the event that ends a message, of which there must be one. */
export const isEndOf = (message: string, { event, sequence }: Row): boolean =>
  sequence !== null &&
  (event.type === 'turn.ended' || event.type === 'command.finished' || event.type === 'command.lost') &&
  event.command === message;

const ended = async ({ keeper }: Means, message: string): Promise<void> => {
  await keeper.row((row) => isEndOf(message, row));
};

/**
 * Makes a request several times with one Idempotency-Key, each until it is answered; all answers must name the same
 * thing.
 */
const oneAnswer = async (means: Means, path: string, body: object, requests: number): Promise<string> => {
  const key = { 'idempotency-key': randomUUID() };
  const answers = await Promise.all(
    Array.from({ length: requests }, () => insist(means, () => means.person.call('POST', path, body, key))),
  );
  const ids = answers.map((answer) => {
    if (answer.status !== 200) throw new Error(`POST ${path} answered ${answer.status}: ${answer.text}`);
    return made.parse(answer.json).id;
  });
  const [id, ...others] = new Set(ids);
  if (id === undefined || others.length > 0) throw new Error(`one Idempotency-Key, several ids: ${ids.join(' ')}`);
  return id;
};

/** Nothing to cancel (404) is an answer too: the message may have ended, or not have begun. */
const cancelAt = async (means: Means, mission: string, instant: Instant): Promise<void> => {
  if (!(await means.instants.reached(instant, means.over))) return;
  const { status, text } = await insist(means, () =>
    means.person.call('POST', `/api/control/missions/${mission}/cancel`),
  );
  if (status !== 200 && status !== 404) throw new Error(`a cancel answered ${status}: ${text}`);
};

/** Sends again until the edge answers. */
const insist = async ({ over }: Means, send: () => Promise<Answer>): Promise<Answer> => {
  for (;;) {
    const answer = await send().catch((error: unknown) => {
      if (over.aborted) throw error;
      return null; // No edge, or it went away before it had answered.
    });
    if (answer && answer.status < 500) return answer;
    await wait(againMs);
  }
};
