// The agent of a user as a thief, in a host workspace as root: it tries all that it has, and gets nothing.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { noPlace, unless } from '../support/needs.ts';
import { startTarget, type Target } from './target.ts';
import { stillThere, type Visit, visitOf } from './visit.ts';

let target: Target;
let visit: Visit;

beforeAll(async () => {
  if (noPlace) return;
  target = await startTarget();
  visit = await visitOf(target);
});
afterAll(() => target?.close());

test.skipIf(noPlace)(unless(noPlace, 'every attempt is really made, in a place of its own'), () => {
  expect(visit.lines.filter(({ failed, tried }) => failed !== undefined || tried === 0)).toEqual([]);
  const documented = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'architecture.md'), 'utf8');
  const missing = visit.lines.map(({ attempt }) => attempt).filter((name) => !documented.includes(`\`${name}\``));
  expect(missing).toEqual([]);
});

test.skipIf(noPlace)(unless(noPlace, 'everything that the thief gets is nothing'), () => {
  expect(visit.got).toEqual([]);
});

test.skipIf(noPlace)(unless(noPlace, 'nothing that it has left running outlives its mission'), async () => {
  await vi.waitFor(() => expect(stillThere(visit.sleeps)).toEqual([]));
});
