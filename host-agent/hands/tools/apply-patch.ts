import { notGranted, type Outcome } from '../call/outcome.ts';
import { Refused, sentenceOf } from '../call/refused.ts';
import { makeTool, type SeenFiles, type Situation } from '../call/tool.ts';
import { applyPatch as declared } from '../declared/files.ts';
import { type Change, changeAsks, describeChanges, editView, makeChange } from './change.ts';
import { notFound } from './not-found.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { applyHunks } from './patching/apply.ts';
import { type FilePatch, parsePatch } from './patching/parse.ts';
import { locate, outsideAsks, type Place } from './place.ts';
import { decode, isBinary } from './text.ts';
import { checkUnchanged, readWhole, textOf } from './whole.ts';

const asks = { permission: 'edit', isAlias: false } as const;

interface Located {
  patch: FilePatch;
  place: Place;
  to: Place | null;
}

export const applyPatchTool = makeTool(declared, async ({ patchText }, situation) => {
  const located: Located[] = [];
  for (const patch of parsePatch(patchText)) {
    const to = patch.kind === 'update' && patch.to !== null ? await locate(situation, patch.to) : null;
    located.push({ patch, place: await locate(situation, patch.path), to });
  }
  const places = located.flatMap(({ place, to }) => (to ? [place, to] : [place]));
  return oneAtATime([...new Set(places.map(({ real }) => real))], () => applyAll(situation, located, places));
});

const applyAll = async (
  situation: Situation,
  located: readonly Located[],
  places: readonly Place[],
): Promise<Outcome> => {
  // Before anything is read: what is told of lines that are not there says what is in a file.
  const outside = notGranted(
    places.flatMap((place) => outsideAsks(place, 'file')),
    situation.granted,
  );
  if (outside.length > 0) return { kind: 'asks', asks: outside };
  const changes = await changesOf(situation.seen, located);
  const described = describeChanges(changes);
  const open = changeAsks(situation, asks, changes, described);
  if (open.length > 0) return { kind: 'asks', asks: open };
  const done: string[] = [];
  for (const change of changes) {
    try {
      await makeChange(situation, change);
    } catch (error) {
      const text = sentenceOf(error);
      if (text === null || done.length === 0) throw error;
      return { kind: 'failed', text: `${text}\nOf the patch this was done before, and stays:\n${done.join('\n')}` };
    }
    done.push(lineOf(change));
  }
  return {
    kind: 'done',
    title: changes.map(({ place }) => place.title).join(', '),
    text: `The patch is applied:\n${done.join('\n')}`,
    view: editView(described),
    metadata: { diff: described.diff, files: described.files },
  };
};

const lineOf = ({ place, before, after, to }: Change): string => {
  if (after === null) return `D ${place.title}`;
  if (to) return `R ${place.title} -> ${to.place.title}`;
  return `${before ? 'M' : 'A'} ${place.title}`;
};

/** Every change, none of which is made yet. A file that is named again is changed further. */
const changesOf = async (seen: SeenFiles, located: readonly Located[]): Promise<Change[]> => {
  const changes = new Map<string, Change>();
  for (const { patch, place, to } of located) {
    const earlier = changes.get(place.real);
    if (earlier && (patch.kind !== 'update' || to || earlier.to || !earlier.after))
      throw new Refused(`${place.shown} is named twice in the patch. Say all that happens to it under one header.`);
    changes.set(place.real, earlier ? further(earlier, patch) : await changeOf(seen, patch, place, to));
  }
  const targets = [...changes.values()].flatMap((change) => (change.to ? [change.to.place] : []));
  const twice = targets.find(
    ({ real }, index) => changes.has(real) || targets.findIndex((each) => each.real === real) < index,
  );
  if (twice) throw new Refused(`${twice.shown} is named twice in the patch. Use two patches, one after the other.`);
  return [...changes.values()];
};

const further = (earlier: Change, patch: FilePatch): Change => {
  const { after, place } = earlier;
  if (patch.kind !== 'update' || after === null) return earlier;
  return { ...earlier, after: { ...after, text: applyHunks(after.text, patch.hunks, place.title, true) } };
};

const changeOf = async (seen: SeenFiles, patch: FilePatch, place: Place, to: Place | null): Promise<Change> => {
  const before = await readWhole(place);
  const isSeen = before !== null && checkUnchanged(seen, place, before);
  switch (patch.kind) {
    case 'add':
      if (before && !isSeen)
        throw new Refused(`${place.shown} exists already. Read it, then change it with "*** Update File".`);
      return {
        place,
        before,
        oldText: before ? textOf(before, place).text : null,
        after: { text: patch.text, encoding: 'utf8', hasMark: false },
      };
    case 'delete':
      if (!before) throw new Refused(await notFound(place));
      return { place, before, oldText: isBinary(before.bytes) ? '' : decode(before.bytes).text, after: null };
    case 'update': {
      if (!before) throw new Refused(await notFound(place));
      const old = textOf(before, place);
      const text = applyHunks(old.text, patch.hunks, place.title, isSeen);
      const target = to && to.real !== place.real ? { to: { place: to, before: await nothingAt(to) } } : {};
      return { place, before, oldText: old.text, after: { ...old, text }, ...target };
    }
  }
};

const nothingAt = async (place: Place): Promise<null> => {
  if (await readWhole(place)) throw new Refused(`${place.shown} exists already, so nothing is moved there.`);
  return null;
};
