// Missions: the list, one by one, their events (contract §2.2, §5, §6).
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import * as z from 'zod';
import { mission, namedMission, storedEvent, treeNode } from '../contract/mission.ts';
import { count, nilUuid, ok, uuid } from '../contract/scalars.ts';
import { me } from '../stage.ts';
import type { RouteCase, Shot } from './case.ts';
import { finished, newMission, sayAndWait } from './fixtures.ts';

const unknown = randomUUID();
const missions = '/api/control/missions';
const at = (id: string, tail = ''): string => `${missions}/${id}${tail}`;
const notFound = { status: 404, says: `Mission ${unknown} not found` };
/** A call to a mission nobody has. */
const toUnknown = (tail = '', body?: unknown): Shot => ({ path: at(unknown, tail), body });

export const missionCases: RouteCase[] = [
  {
    route: `GET ${missions}`,
    good: [
      {
        is: z.array(namedMission).max(50),
        and: (list) => expect(list.length).toBeGreaterThan(0),
      },
    ],
    bad: [{ send: { path: `${missions}?deleted=yes` }, status: 400, says: /deleted must be true or false/ }],
  },
  {
    route: `POST ${missions}`,
    good: [
      {
        send: { body: { title: 'T', workspace_id: nilUuid, agent: 'BUILD', model_override: 'lab/m1', unknown: 1 } },
        is: mission,
        and: (made) =>
          expect(made).toMatchObject({
            status: 'active',
            title: 'T',
            workspace_id: nilUuid,
            agent: 'build',
            model_override: 'lab/m1',
            history: [],
            resumable: false,
          }),
      },
      // Announces JSON and sends nothing, sends what is no JSON, sends null (contract §1.4).
      { send: { headers: { 'content-type': 'application/json' } }, is: mission },
      { send: {}, is: mission },
      { send: { body: { title: null, workspace_id: null, agent: null, model_override: null } }, is: mission },
      {
        send: { body: { workspace_id: unknown } },
        is: mission,
        and: (made) => expect(made.workspace_id).toBe(nilUuid),
      },
    ],
    bad: [
      { send: { body: { title: 7 } }, status: 422, says: /title/ },
      { send: { body: { workspace_id: 'host' } }, status: 422, says: /workspace_id/ },
      {
        send: { body: { agent: 'nobody' } },
        status: 400,
        says: /^Agent 'nobody' not found\. Available agents: .*build/,
      },
    ],
  },
  {
    route: `GET ${missions}/current`,
    good: [
      {
        send: async () => {
          await newMission('Current');
          return {};
        },
        is: mission,
        and: (current) => expect(current.title).toBe('Current'),
      },
      {
        send: async () => {
          await me().call('DELETE', at((await me().call('GET', `${missions}/current`)).json.id));
          return {};
        },
        is: z.null(),
      },
    ],
    bad: [],
  },
  {
    route: `GET ${missions}/:id`,
    good: [
      {
        send: async () => ({ path: at(await finished()) }),
        is: namedMission.required({ workspace_name: true }),
        and: ({ history }) => expect(history.map(({ role }: { role: string }) => role)).toEqual(['user', 'assistant']),
      },
      { send: async () => ({ path: at((await finished()).toUpperCase()) }), is: namedMission },
    ],
    bad: [{ send: toUnknown(), ...notFound }],
  },
  {
    route: `POST ${missions}/:id/load`,
    good: [
      {
        send: async () => ({ path: at(await finished(), '/load') }),
        is: mission,
        and: ({ history }) => expect(history).toHaveLength(2),
      },
      { send: async () => ({ path: at(await finished(), '/load'), body: {} }), is: mission },
    ],
    bad: [{ send: toUnknown('/load'), ...notFound }],
  },
  {
    route: `GET ${missions}/:id/tree`,
    good: [
      { send: async () => ({ path: at(await finished(), '/tree') }), is: treeNode.nullable() },
      { send: async () => ({ path: at(await newMission('Never ran'), '/tree') }), is: z.null() },
    ],
    bad: [{ send: toUnknown('/tree'), ...notFound }],
  },
  {
    route: `GET ${missions}/:id/events`,
    good: [
      {
        send: async () => ({ path: at(await finished(), '/events') }),
        is: z.array(storedEvent).min(4),
        and: (events: { sequence: number }[]) =>
          expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, n) => n + 1)),
      },
      {
        send: async () => ({
          path: at(await finished(), '/events?types=user_message,%20assistant_message,nonsense&limit=1&offset=1'),
        }),
        is: z.array(storedEvent).length(1),
        and: ([event]) => expect(event.event_type).toBe('assistant_message'),
      },
      {
        send: async () => ({ path: at(await finished(), '/events?types=User_Message') }),
        is: z.array(storedEvent).length(0),
      },
    ],
    bad: [
      { send: toUnknown('/events'), status: 404, says: 'Mission not found' },
      { send: async () => ({ path: at(await finished(), '/events?limit=-1') }), status: 400, says: /limit/ },
      { send: async () => ({ path: at(await finished(), '/events?offset=x') }), status: 400, says: /offset/ },
    ],
  },
  {
    route: `POST ${missions}/:id/status`,
    body: 'required',
    good: [
      {
        send: async () => ({ path: at(await newMission('Blocked'), '/status'), body: { status: 'blocked' } }),
        is: ok(),
        and: async () =>
          expect((await me().call('GET', `${missions}/current`)).json).toMatchObject({
            status: 'blocked',
            resumable: true,
          }),
      },
    ],
    bad: [
      {
        send: async () => ({ path: at(await finished(), '/status'), body: { status: 'Completed' } }),
        status: 422,
        says: /status/,
      },
      { send: toUnknown('/status', { status: 'completed' }), ...notFound },
    ],
  },
  {
    route: `POST ${missions}/:id/cancel`,
    good: [],
    bad: [
      { send: toUnknown('/cancel'), ...notFound },
      {
        send: async () => ({ path: at(await finished(), '/cancel'), body: {} }),
        status: 404,
        says: /^Mission \S+ has nothing to cancel: none of its messages is at work$/,
      },
    ],
  },
  {
    route: `POST ${missions}/:id/parallel`,
    body: 'required',
    good: [
      {
        send: async () => ({
          path: at(await newMission('Parallel'), '/parallel'),
          body: { content: 'SAY in parallel', model: null },
        }),
        is: ok({ mission_id: uuid }),
      },
    ],
    bad: [
      {
        send: async () => ({ path: at(await finished(), '/parallel'), body: { content: ' ' } }),
        status: 400,
        says: 'content is required',
      },
      { send: toUnknown('/parallel', { content: 'x' }), status: 409, says: /\S/ },
    ],
  },
  {
    route: `POST ${missions}/:id/resume`,
    good: [
      {
        send: async () => {
          const id = await newMission('Resumed');
          await me().call('POST', at(id, '/status'), { status: 'interrupted' });
          return { path: at(id, '/resume'), body: { clean_workspace: true } };
        },
        is: mission,
        and: (resumed) => expect(resumed).toMatchObject({ status: 'active', resumable: false }),
      },
    ],
    bad: [
      {
        send: async () => ({ path: at(await finished(), '/resume') }),
        status: 400,
        says: /^Mission \S+ cannot be resumed \(status: completed\)$/,
      },
      { send: toUnknown('/resume'), status: 400, says: /not found/ },
      {
        send: async () => ({ path: at(await finished(), '/resume'), body: { clean_workspace: 'yes' } }),
        status: 422,
        says: /clean_workspace/,
      },
    ],
  },
  {
    route: `DELETE ${missions}/:id`,
    good: [{ send: async () => ({ path: at(await newMission('Gone')) }), is: ok({ deleted: uuid }) }],
    bad: [{ send: toUnknown(), status: 404, says: 'Mission not found' }],
  },
  {
    route: `POST ${missions}/:id/restore`,
    good: [
      {
        send: async () => {
          const id = await newMission('Had back');
          await me().call('DELETE', at(id));
          return { path: at(id, '/restore') };
        },
        is: mission,
        and: (restored) => expect(restored).toMatchObject({ title: 'Had back' }),
      },
    ],
    bad: [{ send: toUnknown('/restore'), ...notFound }],
  },
  {
    route: `POST ${missions}/cleanup`,
    good: [
      {
        send: async () => {
          await newMission('');
          return { body: {} };
        },
        is: ok({ deleted_count: count }),
        and: ({ deleted_count }) => expect(deleted_count).toBeGreaterThan(0),
      },
      { is: ok({ deleted_count: z.literal(0) }) },
    ],
    bad: [],
  },
  {
    route: 'POST /api/control/message',
    body: 'required',
    good: [
      {
        send: async () => ({
          body: { content: '  SAY ok \n', agent: null, mission_id: await newMission('Asked'), more: [1] },
        }),
        is: z.strictObject({ id: uuid, queued: z.literal(false) }),
      },
      {
        send: async () => {
          await sayAndWait('SAY before');
          return { body: { content: 'SAY no target' } };
        },
        is: z.strictObject({ id: uuid, queued: z.boolean() }),
      },
    ],
    bad: [
      { send: { body: { content: ' \n\t ' } }, status: 400, says: 'content is required' },
      { send: { body: { content: 7 } }, status: 422, says: /content/ },
      { send: { body: { content: 'x', mission_id: 'current' } }, status: 422, says: /mission_id/ },
      { send: { body: { content: 'x', mission_id: unknown } }, ...notFound },
      { send: { body: { content: 'x'.repeat(1024 * 1024) } }, status: 413, says: /larger/ },
    ],
  },
];
