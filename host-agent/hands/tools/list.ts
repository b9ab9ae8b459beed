import type { Dirent } from 'node:fs';
import { readdir, readlink, stat } from 'node:fs/promises';
import type { Outcome } from '../call/outcome.ts';
import { maxOutputBytes } from './fit-output.ts';
import { fitView } from './fit-view.ts';
import { type HeldDirectory, holdDirectory } from './held.ts';
import { maxWindowLines } from './line-window.ts';
import type { Place } from './place.ts';

/** Which of the entries to show. */
interface Part {
  firstLine: number;
  maxLines: number;
}

/** What the directory at `place` contains, one name a line. Throws as `holdDirectory` does. */
export const listDirectory = async (place: Place, { firstLine, maxLines }: Part): Promise<Outcome> => {
  const directory = await holdDirectory(place.real);
  try {
    const entries = sorted(await readdir(directory.at(), { withFileTypes: true }));
    const wanted = entries.slice(firstLine - 1, firstLine - 1 + Math.min(maxLines, maxWindowLines));
    const names = fitting(await Promise.all(wanted.map((entry) => entryName(directory, entry))));
    const last = firstLine - 1 + names.length;
    const isWhole = firstLine === 1 && last === entries.length;
    const next = last < entries.length ? ` Go on with offset=${last + 1}.` : '';
    const end = isWhole
      ? `(${entries.length} entries)`
      : `(Entries ${firstLine} to ${last} of ${entries.length}.${next})`;
    return {
      kind: 'done',
      title: place.title,
      text: `<path>${place.shown}</path>\n<type>directory</type>\n<entries>\n${names.join('\n')}\n\n${end}\n</entries>`,
      view: fitView({
        kind: 'tree',
        path: place.title,
        entries: entries.length,
        names: names.slice(0, viewedNames),
        isCut: names.length < entries.length || names.length > viewedNames,
      }),
    };
  } finally {
    directory.close();
  }
};

/** Left for what stands around the names. */
const frameBytes = 6 * 1024;

/** The first of `names` that are no more bytes than OpenCode lets through. */
const fitting = (names: readonly string[]): string[] => {
  let left = maxOutputBytes - frameBytes;
  const over = names.findIndex((name) => {
    left -= Buffer.byteLength(name) + 1;
    return left < 0;
  });
  return over === -1 ? [...names] : names.slice(0, over);
};

/** What a client shows before somebody asks for more. */
export const viewedNames = 50;

export const sorted = (entries: readonly Dirent[]): Dirent[] =>
  [...entries].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));

/** With a slash behind a directory, and where a link leads. Line ends in names are written as `\n`. */
export const entryName = async (directory: HeldDirectory, entry: Dirent): Promise<string> => {
  const name = oneLine(entry.name);
  if (entry.isDirectory()) return `${name}/`;
  if (!entry.isSymbolicLink()) return name;
  const target = await readlink(directory.at(entry.name)).catch(() => '?');
  const isDirectory = (await stat(directory.at(entry.name)).catch(() => null))?.isDirectory() ?? false;
  return `${name}${isDirectory ? '/' : ''} -> ${oneLine(target)}`;
};

export const oneLine = (name: string): string => name.replaceAll('\n', '\\n').replaceAll('\r', '\\r');
