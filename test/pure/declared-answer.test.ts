import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkAnswer, type Said } from '../support/declared-answer.ts';

const json = { status: 200, type: 'application/json' };
const check = (path: string, said: Said) => () => checkAnswer('GET', path, said);

test.for([
  ['a field that is missing', { ...json, text: '{"max_parallel_missions":1}' }, 'body.running_count'],
  ['a field of another type', { ...json, text: '{"max_parallel_missions":"1","running_count":0}' }, 'max_parallel'],
  [
    'a field that is not declared',
    { ...json, text: '{"max_parallel_missions":1,"running_count":0,"more":1}' },
    'body.more',
  ],
  ['JSON of another type', { ...json, type: 'text/html' }, 'JSON is "text/html"'],
  ['a status that is not declared', { status: 418, type: 'text/plain; charset=UTF-8' }, 'status is not declared'],
  ['a failure as JSON', { status: 500, type: 'application/json' }, 'a failure is plain text'],
  ['a failure without a text', { status: 500, type: 'text/plain; charset=UTF-8', text: '' }, 'without a text'],
] as const)('an answer that is not as it is declared is found: %s', ([, said, reason]) => {
  expect(check('/api/control/parallel/config?a=b', said)).toThrow(reason);
  expect(check('/api/control/parallel/config', said)).toThrow('GET /api/control/parallel/config answered');
});

test('an answer as declared passes, and paths without a route are none of its business', () => {
  const text = '{"max_parallel_missions":1,"running_count":0}';
  expect(check('/api/control/parallel/config', { ...json, text })).not.toThrow();
  expect(check('//api/control/parallel/config', { ...json, text })).not.toThrow();
  expect(check('/api/nothing', { status: 404, type: '' })).not.toThrow();
});

/** A proxy between the two passes on what it does not know. */
const unchecked = new Set(['test/support/declared-answer.ts', 'test/support/altering-proxy.ts']);

test('no test calls the API but by the fetch that checks its answers', () => {
  const root = join(import.meta.dirname, '..', '..');
  const strays = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .map((name) => join('test', name))
    .filter((path) => /\.(ts|mjs)$/.test(path) && !unchecked.has(path))
    .filter((path) => /(?<![\w.])fetch\([^;]{0,60}\/api\//.test(readFileSync(join(root, path), 'utf8')));

  expect(strays).toEqual([]);
});
