import { notGranted, type Outcome } from '../call/outcome.ts';
import { Refused } from '../call/refused.ts';
import { makeTool, type Situation } from '../call/tool.ts';
import { edit as declared } from '../declared/files.ts';
import { type Change, changeAsks, describeChanges, editView, makeChange } from './change.ts';
import { type Edit, replaceIn } from './editing/replace.ts';
import { notFound } from './not-found.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { locate, outsideAsks, type Place } from './place.ts';
import { checkUnchanged, readWhole, textOf } from './whole.ts';

const asks = { permission: 'edit', isAlias: false } as const;

export const editTool = makeTool(declared, async ({ filePath, edits, oldString, newString, replaceAll }, situation) => {
  const single = oldString === undefined || newString === undefined ? null : { oldString, newString, replaceAll };
  if (edits ? single : !single)
    throw new Refused('Give oldString and newString, or several of them as edits, but not both.');
  const all = (edits ?? (single ? [single] : [])).map((each) => ({ ...each, replaceAll: each.replaceAll ?? false }));
  const place = await locate(situation, filePath);
  return oneAtATime([place.real], () => editFile(situation, place, all));
});

const editFile = async (situation: Situation, place: Place, edits: readonly Edit[]): Promise<Outcome> => {
  // Before anything is read: what is told of a text that is not there says what is in the file.
  const outside = notGranted(outsideAsks(place, 'file'), situation.granted);
  if (outside.length > 0) return { kind: 'asks', asks: outside };
  const { change, text } = await changeOf(situation, place, edits);
  const described = describeChanges([change]);
  const open = changeAsks(situation, asks, [change], described);
  if (open.length > 0) return { kind: 'asks', asks: open };
  await makeChange(situation, change);
  return { kind: 'done', title: place.title, text, view: editView(described), metadata: { diff: described.diff } };
};

const changeOf = async (
  { seen }: Situation,
  place: Place,
  edits: readonly Edit[],
): Promise<{ change: Change; text: string }> => {
  const before = await readWhole(place);
  const first = edits[0];
  if (!before) {
    if (first?.oldString !== '' || edits.length > 1) throw new Refused(await notFound(place));
    const after = { text: first.newString, encoding: 'utf8', hasMark: false } as const;
    return { change: { place, before, oldText: null, after }, text: `Made ${place.shown}.` };
  }
  const isSeen = checkUnchanged(seen, place, before);
  const old = textOf(before, place);
  const { text, places, notes } = replaceIn(old.text, edits, { mayQuote: isSeen });
  const done = places === 1 ? `Edited ${place.shown}.` : `Edited ${place.shown} in ${places} places.`;
  return { change: { place, before, oldText: old.text, after: { ...old, text } }, text: [done, ...notes].join('\n') };
};
