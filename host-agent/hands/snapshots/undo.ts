/** Takes back what a step changed; that is a step too, so that it can be taken back. */
import { randomUUID } from 'node:crypto';
import type { Undone } from '../../../shared/changes.ts';
import { maxChangedFiles } from '../../../shared/changes.ts';
import { changesOf, isAt, isUndone, kept, stepNamed } from './asked.ts';
import { type Change, entryAt, isSameEntry, treeReader } from './compare.ts';
import { type Shown, withRenames } from './describe.ts';
import type { MissionSnapshots } from './mission.ts';
import { shownPath } from './names.ts';
import { Refusal } from './refusal.ts';
import { type Restored, restore, type Wanted } from './restore.ts';
import type { Step } from './steps.ts';

export interface UndoWish {
  /** Null: the last turn that changed something and was not taken back. */
  step: string | null;
  /** As people are shown them; null: all. */
  paths: readonly string[] | null;
  /** Also what was changed since. */
  force: boolean;
}

/** Paths that a refusal names. */
const maxNamed = 10;

/** Inside `inTurn`. Throws `Refusal`, and then nothing was done. */
export const undo = async (mission: MissionSnapshots, { step: id, paths, force }: UndoWish): Promise<Undone> => {
  const { objects, steps, clock } = mission;
  const step = id === null ? await lastToUndo(mission) : stepNamed(mission, id);
  const changes = await changesOf(mission, step);
  const chosen = paths === null ? changes.files : chosenOf(changes.files, paths);
  const now = await mission.look();
  const read = treeReader(objects);
  const wanted: Wanted[] = [];
  const left: Restored[] = [];
  const others: string[] = [];
  for (const { path, before, after } of chosen) {
    const current = kept(() => entryAt(read, now, path));
    if (current === 'leftOut') left.push({ path, did: 'left', why: leftOutText });
    else if (isSameEntry(current, before)) continue;
    else if (before?.kind === 'unkept') left.push({ path, did: 'left', why: unkeptText });
    else {
      if (!isSameEntry(current, after)) others.push(path);
      wanted.push({ path, entry: before });
    }
  }
  if (others.length > 0 && !force) throw new Refusal('conflict', changedText(others));
  if (wanted.length === 0) return undoneOf(null, step, left);

  const undoing = randomUUID();
  const of = { id: undoing, kind: 'undo', of: step.id, isPartial: paths !== null, message: null } as const;
  steps.add({ type: 'begin', ...of, at: { tree: now, atMs: clock.now() }, note: null });
  const isAbove = (folder: string): boolean => wanted.some(({ path }) => path.startsWith(`${folder}/`));
  const folders = {
    foldersAdded: paths === null ? changes.foldersAdded : changes.foldersAdded.filter(isAbove),
    foldersGone: paths === null ? changes.foldersGone : [],
  };
  const done = restore(mission.directory, objects, wanted, folders);
  const tree = await mission.look();
  steps.add({ type: 'end', id: undoing, at: { tree, atMs: clock.now() }, note: null });
  return undoneOf(undoing, step, [...done, ...left]);
};

const undoneOf = (undoing: string | null, { id }: Step, files: readonly Restored[]): Undone => ({
  undo: undoing,
  of: id,
  files: files.slice(0, maxChangedFiles).map((file) => ({ ...file, path: shownPath(file.path) })),
  total: files.length,
});

const lastToUndo = async (mission: MissionSnapshots): Promise<Step> => {
  const all = mission.steps.all();
  for (const step of all.toReversed()) {
    if (step.kind !== 'turn' || isUndone(all, step)) continue;
    const changes = await changesOf(mission, step).catch(() => null); // It is not kept: an older one may be.
    if (changes && changes.files.length > 0) return step;
  }
  throw new Refusal('not_found', 'No turn of this mission has changed a file that could be put back.');
};

const chosenOf = (files: readonly Change[], paths: readonly string[]): Change[] => {
  const byPath = new Map(files.map((change) => [change.path, change]));
  const shown = withRenames(files);
  return paths.flatMap((path) => {
    const found = shown.filter((each) => isAt(each, path));
    if (found.length === 0) throw new Refusal('not_found', `The turn did not change ${path}.`);
    return found.flatMap((each) => changesIn(each).flatMap((at) => byPath.get(at) ?? []));
  });
};

/** Both ends of what was renamed. */
const changesIn = ({ path, from }: Shown): string[] => (from === null ? [path] : [from, path]);

const changedText = (paths: readonly string[]): string => {
  const named = paths.slice(0, maxNamed).map(shownPath).join(', ');
  const more = paths.length > maxNamed ? ` and ${paths.length - maxNamed} more` : '';
  return (
    `Changed since that turn: ${named}${more}. Nothing was put back. Undo what came later first, choose other files, or ` +
    'say force: what these files are now is kept, so that it can be undone.'
  );
};

const leftOutText = 'A .gitignore leaves it out now.';
const unkeptText = 'What it was is not kept: it was too large, or could not be read.';
