// People who look on while the edge is attacked, each at another part of it.

import { expect } from 'vitest';
import { apiFetch } from '../support/declared-answer.ts';
import { readStream, type StreamEvent, type StreamReader } from '../support/sse-reader.ts';
import { call, type GoodHost, type Person, truth, type Witness } from './witness.ts';

/** A stream made for resuming: everything it has shown, across the times that it was opened again. */
interface Resumed {
  seen(): StreamEvent[];
  until(fits: (event: StreamEvent) => boolean): Promise<StreamEvent>;
  /** Goes on in a new stream from where this one is; rejects when it was ended for us. */
  resume(): Promise<void>;
  close(): void;
}

export interface Watchers {
  /** Everything, as the existing apps see it: one stream from beginning to end. */
  all: StreamReader;
  /** The mission that runs on another server than the attacked one. */
  foreign: Resumed;
  /** The finished mission on the attacked server. */
  own: Resumed;
}

const open = ({ url, headers }: Person, query: string, after: string | null): Promise<StreamReader> =>
  readStream(`${url}/api/control/stream${query}`, after ? { ...headers, 'last-event-id': after } : headers);

const resumed = async (person: Person, mission: string): Promise<Resumed> => {
  const query = `?format=delta&mission_id=${mission}`;
  const earlier: StreamEvent[] = [];
  let stream = await open(person, query, null);
  let isOver = false;
  const follow = (followed: StreamReader): void => {
    void followed.ended.then(() => {
      isOver ||= followed === stream;
    });
  };
  follow(stream);
  return {
    seen: () => [...earlier, ...stream.events],
    until: async (fits) => earlier.find(fits) ?? stream.until(fits),
    resume: async () => {
      expect(isOver, 'the stream was ended').toBe(false);
      const last = stream;
      earlier.push(...last.events);
      stream = await open(person, query, last.lastId());
      last.close();
      follow(stream);
    },
    close: () => stream.close(),
  };
};

export const watchAll = async (person: Person, own: Witness, foreign: Witness): Promise<Watchers> => ({
  all: await open(person, '', null),
  foreign: await resumed(person, foreign.mission),
  own: await resumed(person, own.mission),
});

/** The edge ends streams after a quarter of an hour; whoever watches for longer comes back before that. */
export const comeBack = async ({ foreign, own }: Watchers): Promise<void> => {
  await foreign.resume();
  await own.resume();
};

/** Events of the log have a dot in their names; the others are the stream's own, which no host may forge. */
const streamsOwn = (events: StreamEvent[]): Set<string> =>
  new Set(events.map(({ name }) => name).filter((name) => !name.includes('.') && name !== 'status'));

/**
 * Every stream is still there, shows what comes next, and has shown nothing that is not so. `beside` is the host of
 * `witness`, whose turn ends here; `finished` is the mission on the attacked server.
 */
export const keptWatching = async (
  person: Person,
  { all, foreign, own }: Watchers,
  { beside, witness, finished }: { beside: GoodHost; witness: Witness; finished: Witness },
): Promise<void> => {
  await beside.append(5, witness.rows.slice(4));
  await call(person, 'POST', `/missions/${finished.mission}/status`, { status: 'blocked' });
  const isAnswer = (name: string, mission: unknown) => name === 'assistant_message' && mission === witness.mission;
  const answer = await all.until(({ name, data }) => isAnswer(name, data.mission_id));
  await foreign.until(({ name }) => name === 'turn.ended');
  const last = await own.until(({ name, data }) => name === 'mission.status' && data.status === 'blocked');

  expect(answer.data.content).toBe(truth);
  const shown = foreign.seen().map(({ name }) => name);
  expect(shown.filter((name) => name.includes('.'))).toEqual([
    'tool.called',
    'tool.result',
    'turn.cost',
    'turn.error',
    'part.closed',
    'mission.status',
    'turn.ended',
  ]);
  expect([...streamsOwn(foreign.seen()), ...streamsOwn(own.seen())]).toEqual(['snapshot', 'snapshot']);
  const theirs = [...foreign.seen(), ...own.seen()].filter(({ data }) => data.mission_id != null);
  expect(JSON.stringify(theirs)).not.toContain('forged');
  const begin = own.seen().find(({ id }) => id !== null)?.id ?? '';
  await replays(person, `?format=delta&mission_id=${finished.mission}`, begin, new RegExp(`^id: ${last.id}$`, 'm'));
  // A stream of several servers writes positions of its own: the last thing that happened is looked for instead.
  const lastThing = new RegExp(`${finished.mission}.*blocked|blocked.*${finished.mission}`);
  await replays(person, '', all.events.find(({ id }) => id !== null)?.id ?? '', lastThing);
  for (const stream of [all, foreign, own]) stream.close();
};

/** More than any line of what is looked for. */
const tailChars = 4_096;

/** The log as a whole can still be read: a stream that goes on from the first id gets to what happened last. */
const replays = async (person: Person, query: string, begin: string, last: RegExp): Promise<void> => {
  const response = await apiFetch(`${person.url}/api/control/stream${query}`, {
    headers: { ...person.headers, 'last-event-id': begin },
  });
  let end = '';
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const seen = end + text;
    expect(seen).not.toContain('\nevent: reset\n');
    if (last.test(seen)) return;
    end = seen.slice(-tailChars);
  }
  throw new Error(`the replay from ${begin} ended before ${last}`);
};
