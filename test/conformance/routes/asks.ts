// What agents ask of people: questions and permissions (contract §2.2 tool_result, §8.12; permissions and
// `questions/:id` are NEW).
import * as z from 'zod';
import { ok, ts, uuid } from '../contract/scalars.ts';
import type { RouteCase } from './case.ts';

const control = '/api/control';
const ask = z.strictObject({
  id: z.string().min(1),
  kind: z.enum(['question', 'permission']),
  mission_id: uuid,
  tool_call_id: z.string().nullable(),
  parent_call: z.string().optional(),
  asked_at: ts,
  body: z.looseObject({}),
});
const unknown = { id: 'per_00000000000000000000000000' };
const noAsk = { status: 404, says: /^There is no such \w+$/ };

export const askCases: RouteCase[] = [
  {
    route: `POST ${control}/tool_result`,
    body: 'required',
    good: [
      // Immediately; an unknown id is an event in the stream, not an HTTP error.
      { send: { body: { tool_call_id: 'nobody', name: 'question', result: null } }, is: ok() },
      { send: { body: { tool_call_id: 'nobody', name: 'ui_optionList', result: ['a', 'b'] } }, is: ok() },
    ],
    bad: [
      {
        send: { body: { tool_call_id: ' ', name: 'question', result: 1 } },
        status: 400,
        says: 'tool_call_id is required',
      },
      { send: { body: { tool_call_id: 'x', name: '', result: 1 } }, status: 400, says: 'name is required' },
      { send: { body: { tool_call_id: 'x', name: 'question' } }, status: 422, says: /result/ },
      { send: { body: { tool_call_id: 7, name: 'question', result: 1 } }, status: 422, says: /tool_call_id/ },
    ],
  },
  {
    route: `GET ${control}/permissions`,
    good: [{ is: z.array(ask) }],
    bad: [],
  },
  {
    route: `POST ${control}/permissions/:id`,
    params: unknown,
    body: 'required',
    good: [],
    bad: [
      { send: { body: { reply: 'once' } }, ...noAsk },
      { send: { body: { reply: 'reject', message: null } }, ...noAsk },
      { send: { body: { reply: 'never' } }, status: 422, says: /reply/ },
      {
        send: { path: `${control}/permissions/${'x'.repeat(500)}`, body: { reply: 'once' } },
        status: 400,
        says: /^Invalid URL/,
      },
    ],
  },
  {
    route: `POST ${control}/questions/:id`,
    params: unknown,
    body: 'required',
    good: [],
    bad: [
      { send: { body: { answers: [['yes']] } }, ...noAsk },
      { send: { body: { reject: true } }, ...noAsk },
      { send: { body: { answers: 'yes' } }, status: 422, says: /\S/ },
      { send: { body: { answers: [[1]] } }, status: 422, says: /\S/ },
    ],
  },
];
