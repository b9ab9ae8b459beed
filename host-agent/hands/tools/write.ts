import { notGranted, type Outcome } from '../call/outcome.ts';
import { Refused } from '../call/refused.ts';
import { makeTool, type Situation } from '../call/tool.ts';
import { write as declared } from '../declared/files.ts';
import { type Change, changeAsks, describeChanges, editView, makeChange } from './change.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { type AsksAs, locate, outsideAsks, type Place } from './place.ts';
import { decode, isBinary } from './text.ts';
import { checkUnchanged, readWhole } from './whole.ts';

/** How a tool writes. */
export interface Writing {
  asks: AsksAs;
  /** Whether a file that this session has not read may be overwritten. */
  mayBeUnseen: boolean;
  /** What the model reads when it is done. */
  said(place: Place, isNew: boolean, content: string): string;
}

/** Makes `content` the whole file at `given`: see the declaration of `write`. Throws as `readPath` does. */
export const writePath = async (
  situation: Situation,
  given: string,
  content: string,
  writing: Writing,
): Promise<Outcome> => {
  const place = await locate(situation, given);
  return oneAtATime([place.real], () => writeFile(situation, place, content, writing));
};

const writeFile = async (
  situation: Situation,
  place: Place,
  content: string,
  { asks, mayBeUnseen, said }: Writing,
): Promise<Outcome> => {
  const outside = asks.isAlias ? [] : notGranted(outsideAsks(place, 'file'), situation.granted);
  if (outside.length > 0) return { kind: 'asks', asks: outside };
  const before = await readWhole(place);
  if (before && !checkUnchanged(situation.seen, place, before) && !mayBeUnseen)
    throw new Refused(`${place.shown} exists, and you have not read it. Read it first; to change a part, use edit.`);
  const old = before && !isBinary(before.bytes) ? decode(before.bytes) : null;
  const change: Change = {
    place,
    before,
    oldText: old?.text ?? null,
    after: { text: content, encoding: 'utf8', hasMark: (old?.hasMark ?? false) || content.startsWith('\uFEFF') },
  };
  const described = describeChanges([change]);
  const open = changeAsks(situation, asks, [change], described);
  if (open.length > 0) return { kind: 'asks', asks: open };
  await makeChange(situation, change);
  return {
    kind: 'done',
    title: place.title,
    text: [said(place, before === null, content), ...notes(old?.text ?? '', content)].join('\n'),
    view: editView(described),
    metadata: { diff: described.diff, exists: before !== null },
  };
};

/** What changes without being meant, perhaps. */
const notes = (old: string, content: string): string[] =>
  old.includes('\r\n') && !content.includes('\r\n') && content.includes('\n')
    ? ['Its lines ended with CR LF; now they end with LF.']
    : [];

export const writeTool = makeTool(declared, ({ filePath, content }, situation) =>
  writePath(situation, filePath, content, {
    asks: { permission: 'edit', isAlias: false },
    mayBeUnseen: false,
    said: ({ shown }, isNew) => (isNew ? `Made ${shown}.` : `Replaced ${shown}.`),
  }),
);
