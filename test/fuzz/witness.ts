// A mission with known content that is there before the attack and has to be there, unchanged, after it.

import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { commandId } from '../../shared/ids.ts';
import { apiFetch } from '../support/declared-answer.ts';
import type { EdgeProcess, Enrolled } from './edge-process.ts';
import { batch, hello, turnRows } from './from-host.ts';
import { dialEdge, type HostDial } from './host-dial.ts';

export const truth = 'The truth, and nothing else 💡.';

export interface Person {
  url: string;
  /** Its id, as missions name their owner. */
  owner: string;
  headers: Record<string, string>;
}

export const call = async (person: Person, method: string, path: string, body?: object): Promise<unknown> => {
  const response = await apiFetch(`${person.url}/api/control${path}`, {
    method,
    headers: { ...person.headers, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
};

/** A well-behaved host with a session that is up. */
export interface GoodHost {
  dial: HostDial;
  run: string;
  /** Sends rows from `from` on and waits until the edge has them. */
  append(from: number, rows: object[]): Promise<void>;
}

export const goodHost = async (
  edge: Pick<EdgeProcess, 'url'>,
  host: Pick<Enrolled, 'id' | 'credential'>,
): Promise<GoodHost> => {
  const run = `good-${randomUUID()}`;
  const dial = await dialEdge(edge.url, host);
  dial.send(JSON.stringify(hello(run)));
  await dial.next('welcome');
  const append = async (from: number, rows: object[]): Promise<void> => {
    const last = from + rows.length - 1;
    dial.send(JSON.stringify(batch(run, from, rows)));
    await dial.until(`ack of ${last}`, () =>
      dial.frames.some((frame) => frame.type === 'ack' && frame.run === run && frame.n === last) ? true : undefined,
    );
  };
  return { dial, run, append };
};

export interface Witness {
  mission: string;
  command: string;
  turn: string;
  part: string;
  /** Rows of its turn, in order. */
  rows: object[];
}

/**
 * Creates a mission on a server by HTTP, sends its message, and answers the first `rows` rows of a turn as its host.
 */
export const write = async (person: Person, good: GoodHost, host: Enrolled, count: number): Promise<Witness> => {
  const created = await call(person, 'POST', '/missions', { title: 'witness', workspace_id: host.workspaceId });
  const { id: mission } = created as { id: string };
  const asked = good.dial.frames.length;
  await call(person, 'POST', '/message', { content: 'What is true?', mission_id: mission });
  const { commands } = await good.dial.next('commands', asked);
  const command = commandId.parse(commands[0]?.id);
  good.dial.send(JSON.stringify({ type: 'received', ids: [command] }));
  const [turn, part] = [randomUUID(), `prt witness ${randomUUID()}`];
  const rows = turnRows({ owner: person.owner, mission, command, turn }, part, truth);
  await good.append(1, rows.slice(0, count));
  return { mission, command, turn, part, rows };
};

/** All that a person can see of a mission, without what time alone changes. */
export const seen = async (person: Person, { mission }: Witness) => {
  const running = (await call(person, 'GET', '/running')) as { mission_id: string; state: string; queue_len: number }[];
  return {
    mission: await call(person, 'GET', `/missions/${mission}`),
    events: await call(person, 'GET', `/missions/${mission}/events`),
    running: running
      .filter((each) => each.mission_id === mission)
      .map(({ state, queue_len }) => ({ state, queue_len })),
    listed: ((await call(person, 'GET', '/missions')) as { id: string }[]).filter(({ id }) => id === mission),
  };
};

/** A session that begins after the attack appends a turn exactly: each row once and in order, repeats included. */
export const worksExactly = async (edge: EdgeProcess, person: Person, host: Enrolled): Promise<void> => {
  const good = await goodHost(edge, host);
  const witness = await write(person, good, host, 4);
  await good.append(3, witness.rows.slice(2));
  await good.append(1, witness.rows);
  const { events, mission } = (await seen(person, witness)) as {
    events: { sequence: number; event_type: string; content: string }[];
    mission: { status: string };
  };
  expect(events.map(({ event_type }) => event_type)).toEqual([
    'user_message',
    'thinking',
    'tool_call',
    'tool_result',
    'error',
    'mission_status_changed',
    'assistant_message',
  ]);
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
  expect(events.at(-1)?.content).toBe(truth);
  expect(mission.status).toBe('completed');
  good.dial.leave();
};
