import { lstat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Outcome } from '../call/outcome.ts';
import { Refused } from '../call/refused.ts';
import type { Situation } from '../call/tool.ts';
import { changeAsks, describeChanges, editView, makeChange } from './change.ts';
import { notFound } from './not-found.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { type AsksAs, locate, type Place } from './place.ts';
import { removeFile } from './put.ts';
import { decode, isBinary } from './text.ts';
import { maxWholeBytes, readWhole } from './whole.ts';

/** Removes the file at `given`, or the link. Throws `Refused`, and what the file system says. */
export const deletePath = async (situation: Situation, given: string, as: AsksAs): Promise<Outcome> => {
  const place = await ofItself(situation, given);
  return oneAtATime([place.real], () => remove(situation, place, as));
};

/** Links above it are followed, it itself is not: so one that leads to nothing can be removed too. */
const ofItself = async (situation: Situation, given: string): Promise<Place> => {
  const name = basename(given);
  const above = await locate(situation, dirname(given));
  const beside = (path: string): string => join(path, name);
  return {
    shown: beside(above.shown),
    real: beside(above.real),
    title: beside(above.title),
    isInside: above.isInside,
    patterns: above.patterns.map(beside),
  };
};

const remove = async (situation: Situation, place: Place, as: AsksAs): Promise<Outcome> => {
  const stats = await lstat(place.real).catch(() => null);
  if (!stats) throw new Refused(await notFound(place));
  if (stats.isDirectory()) throw new Refused(`${place.shown} is a directory. This removes single files only.`);
  const isReadable = stats.isFile() && stats.size <= maxWholeBytes;
  // Who may not read a file may remove it all the same, where the directory allows that.
  const before = isReadable ? await readWhole(place).catch(() => null) : null;
  const oldText = before && !isBinary(before.bytes) ? decode(before.bytes).text : '';
  const described = describeChanges([{ place, before, oldText, after: null }]);
  const open = changeAsks(situation, as, [{ place, before, oldText, after: null }], described);
  if (open.length > 0) return { kind: 'asks', asks: open };
  if (before) await makeChange(situation, { place, before, oldText, after: null });
  else {
    situation.signal.throwIfAborted();
    await removeFile(place, stats);
  }
  return { kind: 'done', title: place.title, text: `Deleted ${place.shown}`, view: editView(described) };
};
