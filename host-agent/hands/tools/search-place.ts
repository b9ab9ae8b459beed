/** Where a search goes: a directory that is held, and what in it. */
import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { type Ask, notGranted } from '../call/outcome.ts';
import { Refused } from '../call/refused.ts';
import type { Situation } from '../call/tool.ts';
import { type HeldDirectory, holdDirectory } from './held.ts';
import { notFound } from './not-found.ts';
import { type AsksAs, asksFor, locate, outsideAsks, type Place } from './place.ts';

export interface SearchPlace {
  place: Place;
  isDirectory: boolean;
}

/** Throws `Refused` for what is neither file nor directory. */
export const searchPlace = async (situation: Situation, given: string): Promise<SearchPlace> => {
  const place = await locate(situation, given);
  const stats = await stat(place.real).catch(() => null);
  if (!stats) throw new Refused(place.isInside ? await notFound(place) : `${place.shown} does not exist.`);
  if (!stats.isFile() && !stats.isDirectory())
    throw new Refused(`${place.shown} is no directory and no ordinary file.`);
  return { place, isDirectory: stats.isDirectory() };
};

/** What of a search is not allowed yet. OpenCode's rules for `glob` and `grep` are matched with what is looked for. */
export const searchAsks = (
  { granted }: Situation,
  { permission, isAlias }: AsksAs,
  { place, isDirectory }: SearchPlace,
  pattern: string,
  metadata: Ask['metadata'],
): Ask[] => {
  const kind = isDirectory ? 'directory' : 'file';
  const asks: Ask[] = isAlias
    ? asksFor({ permission, isAlias }, [{ place, kind }], metadata)
    : [{ permission, patterns: [pattern], always: ['*'], metadata }, ...outsideAsks(place, kind)];
  return notGranted(asks, granted);
};

/** The directory to search in, held; and what in it, as ripgrep is told. The caller closes it. */
export const holdSearched = async ({
  place,
  isDirectory,
}: SearchPlace): Promise<{ held: HeldDirectory; name: string }> =>
  isDirectory
    ? { held: await holdDirectory(place.real), name: './' }
    : { held: await holdDirectory(dirname(place.real)), name: `./${basename(place.real)}` };

/** Absolute, as the model would write it, for a path that ripgrep printed. */
export const shownPath = ({ place, isDirectory }: SearchPlace, found: string): string =>
  join(isDirectory ? place.shown : dirname(place.shown), found);

/** A pattern that begins with a directory (`/etc/*.conf`, `../other/**`) is looked for there. */
export const splitPattern = (pattern: string, path: string): { pattern: string; path: string } => {
  const bare = pattern.replace(/^(\.\/)+/, '');
  if (!isAbsolute(bare) && !bare.startsWith('../')) return { pattern: bare, path };
  const parts = bare.split('/');
  const first = parts.findIndex((part) => /[*?[{]/.test(part));
  const cut = first === -1 ? parts.length - 1 : first;
  const directory = parts.slice(0, cut).join('/') || '/';
  return { pattern: parts.slice(cut).join('/'), path: isAbsolute(bare) ? directory : join(path, directory) };
};

/** What a search shows at most: OpenCode's number. */
export const maxFound = 100;
