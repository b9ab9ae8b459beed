/** Messages, the stream, what runs and what waits, and what agents ask people (contract §2.2, §4, §8.12). */
import * as z from 'zod';
import { editBody, messageBody, permissionBody, questionBody, toolResultBody } from '../api.ts';
import { openCodeCalls } from '../calls/opencode.ts';
import { json, required, route } from './route.ts';
import { anyPage, count, done, hostQuery, idInPath, missionInQuery } from './scalars.ts';
import { asked, progress, queued, running, tree } from './shapes.ts';

const control = '/api/control';
const notWaiting = { 404: 'No message of this id waits' };
const questionErrors = { 404: 'There is no such question', 409: 'Somebody else was first' };
/** OpenCode's ids have 30 characters. */
const requestInPath = z.object({ id: z.string().min(1).max(200, 'the id in the path must be that of a request') });

export const controlRoutes = {
  message: route({
    method: 'POST',
    path: `${control}/message`,
    summary:
      'Sends a message to a mission, to your current one, or to a new one; it waits its turn where the mission is busy',
    who: 'user',
    body: required(messageBody),
    isRepeatable: true,
    answer: json(z.object({ id: z.string(), queued: z.boolean() })),
    errors: {
      400: 'The message is empty',
      404: 'You have no such mission',
      409: 'Its server was removed',
      413: 'The message is too long',
    },
  }),
  cancel: route({
    method: 'POST',
    path: `${control}/cancel`,
    summary: 'Stops what your current mission does',
    who: 'user',
    answer: json(done({})),
  }),
  stream: route({
    method: 'GET',
    path: `${control}/stream`,
    summary: 'Everything that happens, live; resumes by Last-Event-ID or ?after=',
    who: 'user',
    query: z.object({
      format: z.enum(['default', 'delta', ''], 'format must be default or delta').optional(),
      mission_id: missionInQuery('mission_id').optional(),
      after: z.string().optional(),
    }),
    answer: { kind: 'stream', about: 'Server-sent events' },
    errors: {
      404: 'You have no such mission',
      429: 'Too many streams are open; without `format=delta` the stream is held instead, and says so',
    },
  }),
  running: route({
    method: 'GET',
    path: `${control}/running`,
    summary: 'Your missions that work or wait',
    who: 'user',
    query: anyPage,
    answer: json(z.array(running)),
  }),
  parallelConfig: route({
    method: 'GET',
    path: `${control}/parallel/config`,
    summary: 'How many missions work at once, and how many of yours do now',
    who: 'user',
    answer: json(z.object({ max_parallel_missions: count, running_count: count })),
  }),
  progress: route({
    method: 'GET',
    path: `${control}/progress`,
    summary: "Your current mission's to-do list in numbers",
    who: 'user',
    answer: json(progress),
  }),
  tree: route({
    method: 'GET',
    path: `${control}/tree`,
    summary: "Your current mission's agent and its sub-agents",
    who: 'user',
    answer: json(tree.nullable()),
  }),
  queue: route({
    method: 'GET',
    path: `${control}/queue`,
    summary: 'Your messages that wait',
    who: 'user',
    query: z.object({ mission_id: missionInQuery('mission_id').optional(), ...anyPage.shape }),
    answer: json(z.array(queued)),
  }),
  clearQueue: route({
    method: 'DELETE',
    path: `${control}/queue`,
    summary: 'Takes all your waiting messages out',
    who: 'user',
    answer: json(done({ cleared: count })),
  }),
  editQueued: route({
    method: 'PATCH',
    path: `${control}/queue/:id`,
    summary: 'Gives a waiting message another text',
    who: 'user',
    params: idInPath,
    body: required(editBody),
    answer: json(done({})),
    errors: {
      ...notWaiting,
      400: 'The message is empty',
      409: 'Its text is no longer what you think',
      413: 'It is too long',
    },
  }),
  removeQueued: route({
    method: 'DELETE',
    path: `${control}/queue/:id`,
    summary: 'Takes a waiting message out',
    who: 'user',
    params: idInPath,
    answer: json(done({})),
    errors: notWaiting,
  }),
  toolResult: route({
    method: 'POST',
    path: `${control}/tool_result`,
    summary: "Answers an agent's question by its tool call; whoever is first is heard",
    who: 'user',
    body: required(toolResultBody),
    isRepeatable: true,
    answer: json(done({})),
    errors: { 400: 'The call or its name is missing' },
  }),
  questions: route({
    method: 'GET',
    path: `${control}/permissions`,
    summary: 'What agents wait for people for: questions and permissions',
    who: 'user',
    query: anyPage,
    answer: json(z.array(asked)),
  }),
  answerPermission: route({
    method: 'POST',
    path: `${control}/permissions/:id`,
    summary: 'Gives or refuses a permission',
    who: 'user',
    params: requestInPath,
    body: required(permissionBody),
    isRepeatable: true,
    answer: json(done({})),
    errors: questionErrors,
  }),
  answerQuestion: route({
    method: 'POST',
    path: `${control}/questions/:id`,
    summary: 'Answers a question, or rejects it',
    who: 'user',
    params: requestInPath,
    body: required(questionBody),
    isRepeatable: true,
    answer: json(done({})),
    errors: questionErrors,
  }),
  diagnostics: route({
    method: 'GET',
    path: `${control}/diagnostics/opencode`,
    summary: 'What OpenCode has of your newest mission on a server',
    who: 'user',
    query: hostQuery,
    answer: json(openCodeCalls.diagnostics.reply),
    errors: { 404: 'No such server' },
  }),
};
