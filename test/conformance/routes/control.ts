// What runs, what waits, how to stop it, and the stream (contract §2.2, §4).
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import * as z from 'zod';
import { progress, queued, running, treeNode } from '../contract/mission.ts';
import { count, ok } from '../contract/scalars.ts';
import { gateName, me, model } from '../stage.ts';
import type { RouteCase } from './case.ts';
import { newMission } from './fixtures.ts';

const control = '/api/control';
const notQueued = { status: 404, says: 'message not in queue' };

let busy: Promise<{ gate: string; mission: string }> | null = null;
/** A mission that runs until `release`. */
const busyMission = () => {
  busy ??= (async () => {
    const gate = gateName();
    const { mission } = await me().say(`SAY busy\nWAIT ${gate}`, await newMission('Busy'));
    await model().reached(gate);
    return { gate, mission };
  })();
  return busy;
};
/** A message that waits behind it. */
const waitingMessage = async (content = 'SAY waited'): Promise<string> => {
  const { mission } = await busyMission();
  return (await me().say(content, mission)).message;
};

export const controlCases: RouteCase[] = [
  {
    route: `GET ${control}/running`,
    good: [
      {
        send: async () => {
          await busyMission();
          return {};
        },
        is: z.array(running).length(1),
        and: async ([own]) =>
          expect(own).toMatchObject({ state: 'running', mission_id: (await busyMission()).mission }),
      },
    ],
    bad: [],
  },
  {
    route: `GET ${control}/queue`,
    good: [
      {
        send: async () => {
          await waitingMessage();
          return {};
        },
        is: z.array(queued).length(1),
        and: ([own]) => expect(own).toMatchObject({ content: 'SAY waited', agent: null }),
      },
    ],
    bad: [{ send: { path: `${control}/queue?mission_id=x` }, status: 400, says: /mission_id/ }],
  },
  {
    route: `PATCH ${control}/queue/:id`,
    body: 'required',
    good: [
      {
        send: async () => ({ path: `${control}/queue/${await waitingMessage()}`, body: { content: 'SAY changed' } }),
        is: ok(),
      },
    ],
    bad: [
      { send: { path: `${control}/queue/${randomUUID()}`, body: { content: 'x' } }, ...notQueued },
      {
        send: async () => ({ path: `${control}/queue/${await waitingMessage()}`, body: { content: ' ' } }),
        status: 400,
        says: 'content is required',
      },
    ],
  },
  {
    route: `DELETE ${control}/queue/:id`,
    good: [{ send: async () => ({ path: `${control}/queue/${(await waitingMessage()).toUpperCase()}` }), is: ok() }],
    bad: [{ send: { path: `${control}/queue/${randomUUID()}` }, ...notQueued }],
  },
  {
    route: `DELETE ${control}/queue`,
    good: [
      {
        send: async () => {
          await waitingMessage();
          return {};
        },
        is: ok({ cleared: z.int().positive() }),
      },
      { is: ok({ cleared: z.literal(0) }) },
    ],
    bad: [],
  },
  {
    route: `GET ${control}/progress`,
    good: [{ is: progress }],
    bad: [],
  },
  {
    route: `GET ${control}/tree`,
    good: [{ is: treeNode.nullable() }],
    bad: [],
  },
  {
    route: `GET ${control}/parallel/config`,
    good: [
      {
        send: async () => {
          await busyMission();
          return {};
        },
        is: z.looseObject({ max_parallel_missions: z.int().positive(), running_count: z.literal(1) }),
      },
    ],
    bad: [],
  },
  {
    route: `GET ${control}/diagnostics/opencode`,
    good: [
      {
        is: z.looseObject({
          base_url: z.string().nullable(),
          session_id: z.string().nullable(),
          session_status: z.looseObject({ session_id: z.string(), message_count: count }).nullable(),
          error: z.string().nullable(),
        }),
        and: (answer) => expect(JSON.stringify(answer)).not.toContain('lab-api-key'),
      },
    ],
    bad: [],
  },
  {
    route: `GET ${control}/stream`,
    good: [
      {
        is: /^event: status\ndata: \{"type":"status",.*\}\n\n/,
      },
      { send: { path: `${control}/stream?format=delta` }, is: /^retry: / },
    ],
    bad: [
      { send: { path: `${control}/stream?format=xml` }, status: 400, says: /format/ },
      { send: { path: `${control}/stream?mission_id=x` }, status: 400, says: /mission_id/ },
      { send: { path: `${control}/stream?mission_id=${randomUUID()}` }, status: 404, says: /^Mission .* not found$/ },
    ],
  },
  {
    // The last one here: it ends what the others kept busy.
    route: `POST ${control}/cancel`,
    good: [
      {
        send: async () => {
          await busyMission();
          return { body: {} };
        },
        is: ok(),
        and: async () => {
          const { mission, gate } = await busyMission();
          const stream = await me().stream(`?mission_id=${mission}`);
          await stream.until(({ name, data }) => name === 'status' && data.state === 'idle');
          stream.close();
          model().release(gate);
          expect((await me().call('GET', `${control}/missions/${mission}`)).json.status).toBe('interrupted');
        },
      },
      { is: ok() },
    ],
    bad: [],
  },
];
