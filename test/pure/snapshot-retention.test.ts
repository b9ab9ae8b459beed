import { expect, test } from 'vitest';
import { maxAgeMs, maxMissionBytes, maxSteps, stepsToKeep } from '../../host-agent/hands/snapshots/retention.ts';
import type { Step } from '../../host-agent/hands/snapshots/steps.ts';

const nowMs = Date.UTC(2026, 10, 30);

/** Steps that ended so many milliseconds ago, the oldest first. */
const steps = (...agoMs: number[]): Step[] =>
  agoMs.map((ago, at) => {
    const border = { tree: 'tree', atMs: nowMs - ago };
    const of = { kind: 'turn', of: null, isPartial: false, message: null } as const;
    return { id: `${at}`, ...of, begin: border, end: border, hasEnded: true, notes: [] };
  });

const kept = (all: readonly Step[], bytes: number): string[] => stepsToKeep(all, bytes, nowMs).map(({ id }) => id);

test('what is young and little stays as it is', () => {
  expect(kept(steps(3, 2, 1), maxMissionBytes)).toEqual(['0', '1', '2']);
});

test('what is old leaves, whatever it takes', () => {
  expect(kept(steps(maxAgeMs + 1, maxAgeMs - 1, 1), 0)).toEqual(['1', '2']);
});

test('the older half leaves where all is too much, and the last step never does', () => {
  expect(kept(steps(4, 3, 2, 1), maxMissionBytes + 1)).toEqual(['2', '3']);
  expect(kept(steps(1), maxMissionBytes + 1)).toEqual(['0']);
});

test('no mission lists more than so many', () => {
  expect(kept(steps(...Array.from({ length: maxSteps + 5 }, () => 1)), 0)).toHaveLength(maxSteps);
});
