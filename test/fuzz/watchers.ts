// People who look on while the edge is attacked, each at another part of it.
import { expect } from 'vitest';
import { readStream, type StreamReader } from '../support/sse-reader.ts';
import { call, type GoodHost, type Person, truth, type Witness } from './witness.ts';

export interface Watchers {
  /** Everything, as the existing apps see it. */
  all: StreamReader;
  /** The mission that runs on another server than the attacked one. */
  foreign: StreamReader;
  /** The finished mission on the attacked server. */
  own: StreamReader;
}

const watch = ({ url, headers }: Person, query: string): Promise<StreamReader> =>
  readStream(`${url}/api/control/stream${query}`, headers);

export const watchAll = async (person: Person, own: Witness, foreign: Witness): Promise<Watchers> => ({
  all: await watch(person, ''),
  foreign: await watch(person, `?format=delta&mission_id=${foreign.mission}`),
  own: await watch(person, `?format=delta&mission_id=${own.mission}`),
});

/** Events of the log have a dot in their names; the others are the stream's own, which no host may forge. */
const streamsOwn = ({ events }: StreamReader): string[] =>
  events.map(({ name }) => name).filter((name) => !name.includes('.') && name !== 'status');

/**
 * Every stream is still the same one, shows what comes next, and has shown nothing that is not so. `beside` is the host of
 * `foreign`, whose turn ends here.
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
  const shown = foreign.events.map(({ name }) => name).filter((name) => name !== 'status');
  expect(shown).toEqual([
    'snapshot',
    ...['tool.called', 'tool.result', 'turn.cost', 'turn.error', 'part.closed', 'mission.status', 'turn.ended'],
  ]);
  expect(streamsOwn(own)).toEqual(['snapshot']);
  const theirs = [...foreign.events, ...own.events].filter(({ data }) => data.mission_id != null);
  expect(JSON.stringify(theirs)).not.toContain('forged');
  await replays(person, own, String(last.id), `?format=delta&mission_id=${finished.mission}`);
  await replays(person, all, all.lastId() ?? '', '');
  for (const stream of [all, foreign, own]) stream.close();
};

/** The log as a whole can still be read: a stream that goes on from the first id gets to the last. */
const replays = async (person: Person, first: StreamReader, last: string, query: string): Promise<void> => {
  const begin = first.events.find(({ id }) => id !== null)?.id ?? '';
  const response = await fetch(`${person.url}/api/control/stream${query}`, {
    headers: { ...person.headers, 'last-event-id': begin },
  });
  let end = '';
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const seen = end + text;
    expect(seen).not.toContain('\nevent: reset\n');
    if (seen.includes(`id: ${last}\n`)) return;
    end = seen.slice(-last.length - 'id: \n'.length);
  }
  throw new Error(`the replay from ${begin} ended before ${last}`);
};
