// Health, login, figures, the predecessor's lists (contract §2.1, §3).
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import * as z from 'zod';
import { logIn } from '../../support/person.ts';
import { health, login, runs, stats, task } from '../contract/general.ts';
import { password, stack } from '../stage.ts';
import type { RouteCase } from './case.ts';

const noTask = { status: 404, says: /^Task \S+ not found$/ };
const unknown = randomUUID();

export const generalCases: RouteCase[] = [
  { route: 'GET /', open: 'everybody', good: [{ is: /^<!doctype html>.*Open Agent is running/s }], bad: [] },
  { route: 'GET /api/docs', open: 'everybody', good: [{ is: /^<!doctype html>.*Open Agent API/s }], bad: [] },
  {
    route: 'GET /api/openapi.json',
    open: 'everybody',
    good: [
      { is: z.looseObject({ openapi: z.literal('3.1.0'), paths: z.record(z.string().startsWith('/'), z.unknown()) }) },
    ],
    bad: [],
  },
  {
    route: 'GET /api/health',
    open: 'everybody',
    good: [
      {
        is: health,
        and: (body) =>
          expect(body).toMatchObject({
            auth_required: true,
            auth_mode: 'single_tenant',
            dev_mode: false,
            max_iterations: 50,
          }),
      },
    ],
    bad: [],
  },
  {
    route: 'POST /api/auth/login',
    open: 'everybody',
    body: 'required',
    good: [
      {
        send: { body: { password: ` ${password}\n`, username: null } },
        is: login,
        // To the second it is told in test/edge/auth.test.ts, by a clock that stands still.
        and: ({ exp }) => expect(Math.round((exp - Date.now() / 1000) / (24 * 3600))).toBe(30),
      },
    ],
    bad: [
      { send: { body: { password: 'wrong' } }, status: 401, says: 'Invalid password' },
      { send: { body: { password: 7 } }, status: 422, says: /password/ },
      { send: { body: { username: 'default' } }, status: 422, says: /password/ },
    ],
  },
  {
    route: 'POST /api/auth/logout',
    good: [
      {
        send: async () => ({ headers: await logIn(stack().url(), { password }) }),
        is: z.strictObject({ ok: z.literal(true) }),
      },
    ],
    bad: [{ send: { body: { everywhere: 'yes' } }, status: 422, says: /everywhere/ }],
  },
  {
    // A good call would end the logins of this suite: it is tried in test/edge/logins.
    route: 'POST /api/auth/users/:id/logout',
    params: { id: 'nobody' },
    good: [],
    bad: [{ send: {}, status: 404, says: 'There is no user nobody' }],
  },
  { route: 'GET /api/stats', good: [{ is: stats }], bad: [] },
  { route: 'GET /api/tasks', good: [{ is: z.array(task) }], bad: [] },
  {
    route: 'POST /api/task',
    body: 'required',
    good: [],
    bad: [
      { send: { body: { task: 'x' } }, status: 400, says: /POST \/api\/control\/missions/ },
      { send: { body: { task: null } }, status: 422, says: /task/ },
    ],
  },
  { route: 'GET /api/task/:id', good: [], bad: [{ send: {}, ...noTask }] },
  { route: 'POST /api/task/:id/stop', good: [], bad: [{ send: {}, ...noTask }] },
  { route: 'GET /api/task/:id/stream', good: [], bad: [{ send: {}, ...noTask }] },
  {
    route: 'GET /api/runs',
    good: [
      {
        send: { path: '/api/runs?limit=20&offset=0' },
        is: runs,
        and: (body) => expect(body).toMatchObject({ limit: 20, offset: 0 }),
      },
      { is: runs },
    ],
    bad: [
      { send: { path: '/api/runs?limit=ten' }, status: 400, says: /limit/ },
      { send: { path: '/api/runs?offset=-1' }, status: 400, says: /offset/ },
    ],
  },
  {
    route: 'GET /api/runs/:id',
    params: { id: unknown },
    good: [],
    bad: [{ send: {}, status: 404, says: `Run ${unknown} not found` }],
  },
  {
    route: 'GET /api/runs/:id/events',
    params: { id: unknown },
    good: [{ is: z.strictObject({ run_id: z.literal(unknown), events: z.array(z.never()) }) }],
    bad: [],
  },
  {
    route: 'GET /api/runs/:id/tasks',
    params: { id: unknown },
    good: [{ is: z.strictObject({ run_id: z.literal(unknown), tasks: z.array(z.never()) }) }],
    bad: [],
  },
  {
    route: 'GET /api/memory/search',
    good: [
      {
        send: { path: '/api/memory/search?q=a+b' },
        is: z.strictObject({ query: z.literal('a b'), results: z.array(z.never()) }),
      },
    ],
    bad: [{ send: {}, status: 400, says: /q/ }],
  },
];
