/** The snapshots of one mission: taken at the borders of its steps, one after the other. */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../../shared/clock.ts';
import { oneByOne } from '../../process/one-by-one.ts';
import { sentenceOf } from '../call/refused.ts';
import { type Folder, folderOfText, textOfFolder } from './folder.ts';
import { type Objects, objectsIn } from './objects.ts';
import { Refusal } from './refusal.ts';
import { hasRoom, prune } from './retention.ts';
import { type Steps, stepsIn } from './steps.ts';
import { lookAt, maxFiles, maxTreeBytes, TooMuch } from './walk.ts';
import { holdMs } from './words.ts';

/** How a border went; `note` says what is not right with it. */
export interface Border {
  note: string | null;
  ms: number;
}

export interface MissionSnapshots {
  objects: Objects;
  steps: Steps;
  directory: string;
  clock: Clock;
  /** How many files changed between two trees, as it was counted before. */
  counted: Map<string, number>;
  /** Does one thing after the other: what is given first is done first. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Name of the tree as it is now. Inside `inTurn`. Throws `Refusal` where it can't be looked at. */
  look(): Promise<string>;
  /** Before a turn's first tool. May be repeated. */
  begin(turn: string, message: string | null): Promise<Border>;
  /** After a turn's last. May be repeated. */
  end(turn: string): Promise<Border>;
  /** Writes down what the next actor need not find out, and forgets what is too old or too much. Inside `inTurn`. */
  tidy(): void;
  isBusy(): boolean;
}

/** `store`: the directory of this mission's snapshots, which is made when there is one. */
export const missionSnapshots = (store: string, directory: string, clock: Clock): MissionSnapshots => {
  const bytesFile = join(store, 'bytes');
  const objects = objectsIn(join(store, 'objects'), Number(textOf(bytesFile)) || undefined);
  const steps = stepsIn(store);
  const indexFile = join(store, 'index.json');
  let index: Folder | undefined;
  let saved: Folder | undefined;
  const queued = oneByOne();
  let waiting = 0;

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    waiting++;
    return queued(() => work().finally(() => waiting--));
  };

  const requireRoom = (): void => {
    if (!hasRoom(store)) throw new Refusal('unavailable', noRoomText);
  };
  const look = async (): Promise<string> => {
    try {
      mkdirSync(store, { recursive: true, mode: 0o700 });
      requireRoom();
      index ??= saved = folderOfText(textOf(indexFile));
      if (index && !objects.has(index.tree)) index = undefined; // Somebody removed what was kept.
      index = await lookAt(directory, objects, clock, index, requireRoom);
      return index.tree;
    } catch (error) {
      if (error instanceof TooMuch) throw new Refusal('unavailable', tooMuchText);
      if (error instanceof Refusal) throw error;
      const reason = sentenceOf(error) ?? (error instanceof Error ? error.message : String(error));
      throw new Refusal('unavailable', `The files of this mission can't be looked at: ${reason}`);
    }
  };

  /** A tree, or why there is none. */
  const border = async (): Promise<{ at: { tree: string; atMs: number } | null; note: string | null; ms: number }> => {
    const begunMs = clock.steadyMs();
    const tree = await look().catch((error: unknown) => {
      if (error instanceof Refusal) return error;
      throw error;
    });
    const ms = clock.steadyMs() - begunMs;
    return typeof tree === 'string'
      ? { at: { tree, atMs: clock.now() }, note: null, ms }
      : { at: null, note: tree.message, ms };
  };

  const tidy = (): void => {
    if (prune(steps, objects, index?.tree, clock.now())) saved = undefined;
    if (!index || index === saved) return;
    writeFileSync(`${indexFile}.part`, textOfFolder(index), { mode: 0o600 });
    renameSync(`${indexFile}.part`, indexFile);
    writeFileSync(bytesFile, `${objects.bytes()}`, { mode: 0o600 });
    saved = index;
  };

  const begun = { type: 'begin', kind: 'turn', of: null, isPartial: false } as const;
  return {
    objects,
    steps,
    directory,
    clock,
    counted: new Map(),
    inTurn,
    look,
    tidy,
    isBusy: () => waiting > 0,
    begin: (turn, message) =>
      inTurn(async () => {
        if (steps.get(turn)) return { note: null, ms: 0 };
        const { at, note, ms } = await border();
        // One whose end was never told of, since somebody was killed: nothing has changed since but what people did.
        const open = steps.all().findLast(({ hasEnded }) => !hasEnded);
        if (open) steps.add({ type: 'end', id: open.id, at, note: at ? lateEndText : note });
        const late = at && ms > holdMs ? lateText : note;
        steps.add({ ...begun, id: turn, message, at, note: late });
        return { note: late, ms };
      }),
    end: (turn) =>
      inTurn(async () => {
        const step = steps.get(turn);
        if (step?.hasEnded) return { note: null, ms: 0 };
        if (!step) steps.add({ ...begun, id: turn, message: null, at: null, note: noBeginText });
        const { at, note, ms } = await border();
        steps.add({ type: 'end', id: turn, at, note });
        return { note, ms };
      }),
  };
};

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // There is none: everything is read.
  }
};

const noRoomText =
  'The disk is nearly full, so Open Agent keeps no snapshot of what changes until there is room again.';
const tooMuchText =
  `This mission has more than ${maxFiles} files, or ${maxTreeBytes / 1024 ** 3} GiB in them, that no .gitignore leaves out, so no ` +
  'snapshot of them is kept. ' +
  'A line in .gitignore for what can be made again brings them back.';
const lateEndText = 'Its end was not seen: what was changed between it and the next turn is in it.';
const lateText = 'The look at its beginning took long, so it may lack what its first tools did.';
const noBeginText = 'Its beginning was not seen.';
