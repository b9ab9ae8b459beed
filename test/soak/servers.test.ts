// One edge with many servers, 200 in `npm run soak`: a stream of all of them comes back exactly where it was, with ids
// that any proxy takes; only servers of the user are asked for anything; and one that fails harms no other.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { patience } from '../support/patience.ts';
import type { Person } from '../support/person.ts';
import type { StreamEvent } from '../support/sse-reader.ts';
import { forEach, type ManyServers, type PlayedServer, startManyServers } from './many-servers.ts';
import { limitOf, size, tell } from './size.ts';

let edge: ManyServers;
/** Has a mission on every server, on three of them, on none. */
const people: Person[] = [];
let [ada, bob, carol] = people;
const few = 3;
/** Missions by server. */
const [adas, bobs] = [new Map<string, string>(), new Map<string, string>()];
const options = { timeout: limitOf(size.servers * 10) };
/** What a header may have in any proxy. */
const maxIdLength = 200;

beforeAll(async () => {
  edge = await startManyServers(size.servers, ['ada', 'bob', 'carol']);
  // One after the other: the edge checks few passwords at a time.
  for (const name of ['ada', 'bob', 'carol']) people.push(await edge.personOf(name));
  [ada, bob, carol] = people;
  await forEach(edge.servers, async (server) => adas.set(server.id, await server.open(as(ada))));
  await forEach(bobsServers(), async (server) => bobs.set(server.id, await server.open(as(bob))));
  tell(`a mission of ada on each of ${size.servers} servers, of bob on ${few}`);
}, options.timeout);
afterAll(() => edge?.close(), options.timeout);

const as = (person: Person | undefined): Person => {
  if (!person) throw new Error('nobody has logged in');
  return person;
};
/** The first, one in the middle, the last. */
const bobsServers = (): PlayedServer[] =>
  [0, Math.floor(size.servers / 2), size.servers - 1].flatMap((index) => edge.servers[index] ?? []);

/** Every server answers one message of ada's. */
const allTalk = async (servers: readonly PlayedServer[], word: string): Promise<void> =>
  forEach(servers, (server) => server.talk(as(ada), 'ada', adas.get(server.id) ?? '', `${word} of ${server.id}`));

const isAnswer = ({ name, data }: StreamEvent): boolean =>
  (name === 'assistant_message' || name === 'turn.ended') && typeof data.mission_id === 'string';

/**
 * Reads on from `from`, and leaves after `leavesAfter` more answers, or when all of `due` were shown; out: what was
 * shown, and the last id.
 */
const read = async (query: string, from: string | null, leavesAfter: number) => {
  const stream = await as(ada).stream(query, from === null ? {} : { 'last-event-id': from });
  const seen = (): StreamEvent[] => stream.events;
  await vi.waitFor(() => expect(seen().filter(isAnswer).length).toBeGreaterThanOrEqual(leavesAfter), patience);
  stream.close();
  await stream.ended;
  return { events: seen(), last: stream.lastId() };
};

/** How often each row was shown: rows have their mission and their place in it. */
const countsOf = (events: readonly StreamEvent[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const { name, data } of events) {
    const key = typeof data.seq === 'number' ? `${data.mission_id} ${data.seq} ${name}` : null;
    if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
};

test.each([
  ['', 'default'],
  ['?format=delta', 'delta'],
])(
  `a stream of ${size.servers} servers (%s %s) comes back from short ids, again and again, without a gap or a double`,
  options,
  async (query, name) => {
    const first = await as(ada).stream(query);
    const begins = query === '' ? 'status' : 'snapshot';
    await vi.waitFor(() => expect(first.events.map((event) => event.name)).toContain(begins), patience);
    // As long as ids say less than all, the stream has not looked at each server.
    const [one] = edge.servers;
    if (!one) throw new Error('there is no server');
    await allTalk([one], `before ${name}`);
    await vi.waitFor(() => expect(first.events.some(isAnswer)).toBe(true), patience);
    await vi.waitFor(() => expect(first.lastId()).not.toBeNull(), patience);
    first.close();
    await first.ended;
    const position = first.lastId();
    await allTalk(edge.servers, `meanwhile ${name}`);
    tell(`${name}: ${size.servers} servers have said something while nobody watched`);

    const shown: StreamEvent[] = [];
    const ids: string[] = [];
    let last = position;
    while (shown.filter(isAnswer).length < size.servers) {
      const missing = size.servers - shown.filter(isAnswer).length;
      const { events, last: reached } = await read(query, last, Math.min(missing, Math.ceil(size.servers / 4)));
      expect(events.filter((event) => event.name === 'reset')).toEqual([]);
      shown.push(...events);
      ids.push(...events.flatMap(({ id }) => (id === null ? [] : [id])));
      last = reached;
      tell(`${name}: ${shown.filter(isAnswer).length} of ${size.servers} answers after a look`);
    }

    expect(
      shown
        .filter(isAnswer)
        .map(({ data }) => data.mission_id)
        .toSorted(),
    ).toEqual([...adas.values()].toSorted());
    expect([...countsOf(shown)].filter(([, count]) => count > 1)).toEqual([]);
    expect(Math.max(...ids.map(({ length }) => length))).toBeLessThanOrEqual(maxIdLength);
    tell(`${name}: the longest of ${ids.length} ids has ${Math.max(...ids.map(({ length }) => length))} characters`);
  },
);

test('whatever a user asks for, only servers that have something of theirs are asked', options, async () => {
  const own = bobsServers().map(({ id }) => id);
  for (const [person, servers] of [
    [as(bob), own],
    [as(carol), []],
  ] as const) {
    await edge.asked();
    const stream = await person.stream('?format=delta');
    await vi.waitFor(() => expect(stream.events.map(({ name }) => name)).toContain('status'), patience);
    for (const path of ['running', 'missions', 'progress', 'queue', 'permissions', 'tree'])
      expect((await person.call('GET', `/api/control/${path}`)).status, path).toBe(200);
    expect((await person.call('GET', '/api/stats')).status).toBe(200);
    stream.close();
    await stream.ended;
    const asked = await edge.asked();
    tell(`asked for a user with ${servers.length} servers: ${asked.length} of ${size.servers} objects`);
    expect(asked.filter((id) => !servers.includes(id))).toEqual([]);
  }
});

test(
  'a server whose object throws at every start leaves the others as they are, and goes on where it was',
  options,
  async () => {
    const [broken, other] = bobsServers();
    if (!broken || !other) throw new Error('bob has no servers');
    const talk = (server: PlayedServer, word: string) =>
      server.talk(as(bob), 'bob', bobs.get(server.id) ?? '', `${word} of ${server.id}`);
    const stream = await as(bob).stream('?format=delta');
    const shows = (fits: (event: StreamEvent) => boolean) =>
      vi.waitFor(() => expect(stream.events.some(fits)).toBe(true), patience);
    await talk(broken, 'before');
    await shows((event) => isAnswer(event) && event.data.mission_id === bobs.get(broken.id));

    await edge.breakDown(broken);
    await talk(other, 'beside');
    await shows((event) => isAnswer(event) && event.data.mission_id === bobs.get(other.id));
    await shows(({ name, data }) => name === 'partial' && JSON.stringify(data).includes(broken.id));
    const toIt = { content: 'to it', mission_id: bobs.get(broken.id) };
    expect((await as(bob).call('POST', '/api/control/message', toIt)).status).toBe(503);
    expect((await as(bob).call('GET', '/api/control/missions')).status).toBe(200);

    await edge.mend();
    await vi.waitFor(() => as(bob).say('after', bobs.get(broken.id)), patience);
    await shows(({ data }) => data.mission_id === bobs.get(broken.id) && data.content === 'after');
    expect([...countsOf(stream.events)].filter(([, count]) => count > 1)).toEqual([]);
    stream.close();
  },
);
