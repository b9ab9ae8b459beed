import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { similarity } from './editing/anchors.ts';
import type { Place } from './place.ts';

const maxSuggestions = 3;
/** Below, two names are only a little alike. */
const leastSimilarity = 0.6;

/** A sentence for a file that is not there, with what has nearly its name beside it. */
export const notFound = async ({ shown, real }: Place): Promise<string> => {
  const wanted = basename(real).toLowerCase();
  const names = await readdir(dirname(real)).catch(() => null);
  if (!names) return `${shown} does not exist, and neither does the directory that it would be in.`;
  const like = names
    .map((name) => ({ name, alike: alike(name.toLowerCase(), wanted) }))
    .filter((each) => each.alike >= leastSimilarity)
    .sort((a, b) => b.alike - a.alike)
    .slice(0, maxSuggestions);
  if (like.length === 0) return `${shown} does not exist. Look for it with glob.`;
  const paths = like.map(({ name }) => join(dirname(shown), name));
  return `${shown} does not exist. Did you mean one of these?\n${paths.join('\n')}`;
};

const alike = (name: string, wanted: string): number =>
  name.includes(wanted) || (name.length > 2 && wanted.includes(name)) ? 1 : similarity(name, wanted);
