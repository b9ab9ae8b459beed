/** What a predecessor had instead of missions (contract §2.1, §3). */
import * as z from 'zod';
import { json, required, route } from './route.ts';
import { count, countInQuery, idInPath, time } from './scalars.ts';

const noTask = { kind: 'refused', about: 'There are no tasks outside missions' } as const;
const taskErrors = { 404: 'No such task' };
const runInPath = z.object({ id: z.string() });

const run = z
  .object({
    id: z.string(),
    created_at: time,
    status: z.string(),
    input_text: z.string(),
    final_output: z.string().nullable(),
    total_cost_cents: z.number().int(),
    summary_text: z.string().nullable(),
  })
  .meta({ id: 'Run' });
export type FinishedMissionJson = z.infer<typeof run>;

export const legacyRoutes = {
  tasks: route({
    method: 'GET',
    path: '/api/tasks',
    summary: 'Tasks outside missions: none',
    who: 'user',
    answer: json(z.array(z.unknown()).max(0)),
  }),
  createTask: route({
    method: 'POST',
    path: '/api/task',
    summary: 'Would run a task outside missions',
    who: 'user',
    body: required(z.object({ task: z.string() })),
    answer: noTask,
    errors: { 400: 'Create a mission and send it the text' },
  }),
  task: route({
    method: 'GET',
    path: '/api/task/:id',
    summary: 'A task outside missions: none',
    who: 'user',
    params: idInPath,
    answer: noTask,
    errors: taskErrors,
  }),
  stopTask: route({
    method: 'POST',
    path: '/api/task/:id/stop',
    summary: 'Stops a task outside missions: none',
    who: 'user',
    params: idInPath,
    answer: noTask,
    errors: taskErrors,
  }),
  taskStream: route({
    method: 'GET',
    path: '/api/task/:id/stream',
    summary: 'Events of a task outside missions: none',
    who: 'user',
    params: idInPath,
    answer: noTask,
    errors: taskErrors,
  }),
  runs: route({
    method: 'GET',
    path: '/api/runs',
    summary: 'Your finished missions with their cost',
    who: 'user',
    query: z.object({ limit: countInQuery('limit').optional(), offset: countInQuery('offset').optional() }),
    answer: json(z.object({ runs: z.array(run), limit: count, offset: count })),
  }),
  run: route({
    method: 'GET',
    path: '/api/runs/:id',
    summary: 'One finished mission',
    who: 'user',
    params: runInPath,
    answer: json(run),
    errors: { 404: 'No such finished mission' },
  }),
  runEvents: route({
    method: 'GET',
    path: '/api/runs/:id/events',
    summary: 'Events of a run: none, they are of its mission',
    who: 'user',
    params: runInPath,
    answer: json(z.object({ run_id: z.string(), events: z.array(z.unknown()).max(0) })),
  }),
  runTasks: route({
    method: 'GET',
    path: '/api/runs/:id/tasks',
    summary: 'Tasks of a run: none',
    who: 'user',
    params: runInPath,
    answer: json(z.object({ run_id: z.string(), tasks: z.array(z.unknown()).max(0) })),
  }),
  searchMemory: route({
    method: 'GET',
    path: '/api/memory/search',
    summary: 'Memory of a predecessor: nothing is found',
    who: 'user',
    query: z.object({ q: z.string('q is missing') }),
    answer: json(z.object({ query: z.string(), results: z.array(z.unknown()).max(0) })),
  }),
};
