/** How much of the past is kept: snapshots never fill a disk, and never for long. */
import { existsSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readTree } from './compare.ts';
import type { Objects } from './objects.ts';
import type { Step, Steps } from './steps.ts';

/** Of one mission, on the disk. */
export const maxMissionBytes = 512 * 1024 * 1024;
/** Of all missions of a place. */
export const maxPlaceBytes = 4 * 1024 * 1024 * 1024;
/** Steps that ended longer ago leave. */
export const maxAgeMs = 90 * 24 * 60 * 60_000;
/** Steps of one mission: each is a line, and listed. */
export const maxSteps = 2_000;
/**
 * With less room than this, or this share of a small disk, nothing more is kept: the outbox and the work come first.
 */
const minFreeBytes = 1024 * 1024 * 1024;
const minFreeShare = 0.05;

/** Whether the disk below an existing path has room for snapshots. */
export const hasRoom = (path: string): boolean => {
  const { bavail, blocks, bsize } = statfsSync(path);
  return bavail * bsize > Math.min(minFreeBytes, blocks * bsize * minFreeShare);
};

/** Which steps stay: not the old ones, and the younger half where all together are too much; of one alone all. */
export const stepsToKeep = (steps: readonly Step[], bytes: number, nowMs: number): readonly Step[] => {
  const young = steps.filter(({ begin, end }) => ((end ?? begin)?.atMs ?? nowMs) > nowMs - maxAgeMs).slice(-maxSteps);
  if (bytes <= maxMissionBytes) return young;
  return young.slice(Math.floor(young.length / 2));
};

/**
 * Forgets steps, and removes what only they needed. `current`: the tree that the next look begins with. True when
 * anything was removed.
 */
export const prune = (steps: Steps, objects: Objects, current: string | undefined, nowMs: number): boolean => {
  const all = steps.all();
  const kept = stepsToKeep(all, objects.bytes(), nowMs);
  if (kept.length === all.length) return false;
  steps.keepOnly(kept);
  const reached = new Set<string>();
  const reach = (tree: string): void => {
    if (reached.has(tree)) return;
    reached.add(tree);
    try {
      for (const { kind, hash } of readTree(objects, tree).entries.values()) {
        if (kind === 'tree') reach(hash);
        else reached.add(hash);
      }
    } catch {
      // It is damaged: what it had can't be had back anyway.
    }
  };
  for (const { begin, end } of kept) for (const at of [begin, end]) if (at) reach(at.tree);
  if (current !== undefined) reach(current);
  objects.sweep((name) => reached.has(name));
  return true;
};

/** Removes the snapshots of those missions of a store that rested longest, until the rest is not too much. */
export const prunePlace = (
  store: string,
  sizeOf: (mission: string) => number,
  isInUse: (mission: string) => boolean,
): void => {
  if (!existsSync(store)) return;
  const missions = readdirSync(store)
    .map((mission) => ({
      mission,
      bytes: sizeOf(mission),
      atMs: statSync(join(store, mission, 'steps.ndjson'), { throwIfNoEntry: false })?.mtimeMs ?? 0,
    }))
    .sort((a, b) => a.atMs - b.atMs);
  let sum = missions.reduce((bytes, one) => bytes + one.bytes, 0);
  for (const { mission, bytes } of missions) {
    if (sum <= maxPlaceBytes) return;
    if (isInUse(mission)) continue;
    rmSync(join(store, mission), { recursive: true, force: true });
    sum -= bytes;
  }
};
