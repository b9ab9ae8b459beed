/**
 * Changes of files: what every tool that changes some goes through, from what it would be, over what has to be allowed,
 * to what was done.
 */

import { type Ask, notGranted } from '../call/outcome.ts';
import type { Situation } from '../call/tool.ts';
import type { View } from '../call/view.ts';
import { unifiedDiff } from './editing/unified-diff.ts';
import { fitView } from './fit-view.ts';
import { type AsksAs, asksFor, type Place } from './place.ts';
import { putFile, removeFile } from './put.ts';
import { encode, type Text } from './text.ts';
import type { Whole } from './whole.ts';

/** A file as it is and as it is to be. */
export interface Change {
  place: Place;
  /** Null when there is no such file yet. */
  before: Whole | null;
  /** Its text; null when there is none, or none that can be shown. */
  oldText: string | null;
  /** Null: it is removed. */
  after: Text | null;
  /** Where it goes, when it gets another name. */
  to?: { place: Place; before: Whole | null };
}

interface Described {
  diff: string;
  files: Extract<View, { kind: 'edit' }>['files'];
}

/** What the changes are, for the person who is asked and for whoever looks at them later. */
export const describeChanges = (changes: readonly Change[]): Described => {
  const each = changes.map((change) => {
    const { place, oldText, after, to, before } = change;
    const name = to?.place.title ?? place.title;
    const { text, addedLines, removedLines } = unifiedDiff(place.title, name, oldText, after?.text ?? null);
    const kind = after === null ? 'deleted' : to ? 'moved' : before ? 'changed' : 'added';
    return {
      diff: text,
      file: {
        path: place.title,
        change: kind,
        ...(to ? { to: to.place.title } : {}),
        addedLines,
        removedLines,
      } as const,
    };
  });
  return { diff: each.map(({ diff }) => diff).join(''), files: each.map(({ file }) => file) };
};

/** A person who is asked reads no more, and the ask travels to every viewer. */
const maxShownDiffChars = 100_000;

/** What of the changes is not allowed yet; empty when they may be made. */
export const changeAsks = (
  { granted }: Pick<Situation, 'granted'>,
  asks: AsksAs,
  changes: readonly Change[],
  { diff, files }: Described,
): Ask[] => {
  const places = changes.flatMap(({ place, to }) => (to ? [place, to.place] : [place]));
  const isCut = diff.length > maxShownDiffChars;
  return notGranted(
    asksFor(
      asks,
      places.map((place) => ({ place, kind: 'file' as const })),
      {
        filepath: places.map(({ shown }) => shown).join(', '),
        diff: isCut
          ? `${diff.slice(0, maxShownDiffChars)}\n(The diff goes on: it has ${diff.length} characters.)`
          : diff,
        files,
      },
    ),
    granted,
  );
};

export const editView = ({ diff, files }: Described): View => fitView({ kind: 'edit', files, diff, isCut: false });

/**
 * Makes one change. Throws `Refused` when the file is another one by now, and what the file system says; then nothing
 * of it is done, except that of a file that gets another name both may be there. Nothing is done for a call that was
 * cancelled while it waited.
 */
export const makeChange = async (
  { seen, signal }: Pick<Situation, 'seen' | 'signal'>,
  { place, before, after, to }: Change,
): Promise<void> => {
  signal.throwIfAborted();
  if (after === null) {
    if (before) await removeFile(place, before.stats);
    seen.forget(place.real);
    return;
  }
  const target = to ?? { place, before };
  const bytes = encode(after.text, after);
  seen.note(target.place.real, await putFile(target.place, bytes, target.before?.stats ?? null));
  if (to && before) {
    await removeFile(place, before.stats);
    seen.forget(place.real);
  }
};
