/** What people are shown of the steps of a mission. */
import {
  type ChangedFile,
  type ChangeStep,
  type ChangesOfMission,
  type ChangesOfStep,
  type DiffOfStep,
  maxDiffChars,
} from '../../../shared/changes.ts';
import { type Changes, changesBetween } from './compare.ts';
import { describe, type Shown, withRenames } from './describe.ts';
import type { MissionSnapshots } from './mission.ts';
import { shownPath } from './names.ts';
import { NotKept } from './objects.ts';
import { Refusal } from './refusal.ts';
import type { Step } from './steps.ts';

export interface Page {
  offset: number;
  limit: number;
}

/** Steps that are listed. */
const maxListed = 200;

type Mission = Pick<MissionSnapshots, 'objects' | 'steps' | 'look' | 'counted'>;

/** From which tree to which a step went; null where that is not kept. What has not ended goes to what is now. */
export const spanOf = async (mission: Mission, step: Step): Promise<{ from: string; to: string } | null> => {
  const all = mission.steps.all();
  const at = all.indexOf(step);
  const from = step.begin?.tree ?? all[at - 1]?.end?.tree;
  if (from === undefined) return null;
  const to = step.end?.tree ?? all[at + 1]?.begin?.tree ?? (at === all.length - 1 ? await mission.look() : undefined);
  return to === undefined ? null : { from, to };
};

/** What a step changed. Throws `Refusal` where that is not kept. */
export const changesOf = async (mission: Mission, step: Step): Promise<Changes> => {
  const span = await spanOf(mission, step);
  if (span) return kept(() => changesBetween(mission.objects, span.from, span.to));
  throw new Refusal('not_found', `What this turn changed is not kept. ${step.notes.join(' ')}`.trim());
};

export const isUndone = (all: readonly Step[], { id }: Step): boolean =>
  all.some((each) => each.kind === 'undo' && each.of === id && !each.isPartial && !isUndone(all, each));

/** The step of an id. Throws `Refusal` where there is none. */
export const stepNamed = ({ steps }: Pick<Mission, 'steps'>, id: string): Step => {
  const step = steps.get(id);
  if (step) return step;
  throw new Refusal(
    'not_found',
    `Nothing is kept of a turn ${id} of this mission. The list of its changes has those that are.`,
  );
};

export const list = async (mission: Mission, page: Page): Promise<ChangesOfMission> => {
  const listed = mission.steps.all().slice(-maxListed).reverse();
  const steps: ChangeStep[] = [];
  for (const step of listed) steps.push(await shownStep(mission, step));
  return { ...(await files(mission, null, page)), steps };
};

export const files = async (mission: Mission, id: string | null, page: Page): Promise<ChangesOfStep> => {
  const { step, shown, note } = await wanted(mission, id);
  const described = pageOf(shown, page).map((each): ChangedFile => describe(mission.objects, each).file);
  return { step, files: described, total: shown.length, note };
};

export const diff = async (
  mission: Mission,
  id: string | null,
  path: string | null,
  page: Page,
): Promise<DiffOfStep> => {
  const { step, shown: all, note } = await wanted(mission, id);
  const shown = path === null ? all : all.filter((each) => isAt(each, path));
  if (path !== null && shown.length === 0) throw new Refusal('not_found', `Nothing changed in ${path}.`);
  const described: DiffOfStep['files'] = [];
  let chars = 0;
  for (const each of pageOf(shown, page)) {
    const { file, diff: text, cut } = describe(mission.objects, each);
    chars += text?.length ?? 0;
    if (described.length > 0 && chars > maxDiffChars) break;
    described.push({ ...file, diff: text, cut });
  }
  const next = page.offset + described.length;
  return { step, files: described, total: shown.length, next: next < shown.length ? next : null, note };
};

/** Whether people who name a path mean this change. */
export const isAt = ({ path, from }: Shown, named: string): boolean =>
  shownPath(path) === named || (from !== null && shownPath(from) === named);

/** Of one step, or of the mission: from the first tree that is kept to what is now. */
const wanted = async (mission: Mission, id: string | null) => {
  if (id !== null) {
    const step = stepNamed(mission, id);
    const { files: changes } = await changesOf(mission, step);
    return { step: await shownStep(mission, step), shown: withRenames(changes), note: noteOf(step) };
  }
  const first = mission.steps.all().find(({ begin }) => begin);
  if (!first?.begin) return { step: null, shown: [], note: 'No turn of this mission has a snapshot yet.' };
  const from = first.begin.tree;
  const now = await mission.look();
  const { files: changes } = kept(() => changesBetween(mission.objects, from, now));
  return { step: null, shown: withRenames(changes), note: null };
};

const shownStep = async (mission: Mission, step: Step): Promise<ChangeStep> => {
  const { id, kind, of, message, begin, end } = step;
  return {
    id,
    kind,
    of,
    message,
    begun_at: begin?.atMs ?? null,
    ended_at: end?.atMs ?? null,
    files: await countOf(mission, step),
    undone: isUndone(mission.steps.all(), step),
    note: noteOf(step),
  };
};

/** How many files a step changed; null where that is not known any more. */
const countOf = async (mission: Mission, step: Step): Promise<number | null> => {
  const span = await spanOf(mission, step);
  if (!span) return null;
  const key = `${span.from} ${span.to}`;
  const known = mission.counted.get(key);
  if (known !== undefined) return known;
  try {
    const count = withRenames(changesBetween(mission.objects, span.from, span.to).files).length;
    mission.counted.set(key, count);
    return count;
  } catch (error) {
    if (error instanceof NotKept) return null;
    throw error;
  }
};

const noteOf = ({ notes }: Step): string | null => (notes.length === 0 ? null : notes.join(' '));

const pageOf = <T>(all: readonly T[], { offset, limit }: Page): T[] => all.slice(offset, offset + limit);

/** Throws `Refusal` where an object is not kept any more. */
export const kept = <T>(work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (error instanceof NotKept) throw new Refusal('not_found', 'What was there before is not kept any more.');
    throw error;
  }
};
