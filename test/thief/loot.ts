// What a thief has got, as the tests count it: what its program says, and what is found in all that came to it.
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const lootLine = z.strictObject({
  attempt: z.string(),
  tried: z.number(),
  got: z.array(z.strictObject({ what: z.string(), at: z.string() })),
  /** Why the attempt did not come to its end. */
  failed: z.string().optional(),
});
export type LootLine = z.infer<typeof lootLine>;

/** A line for each attempt of the thief in this directory; none where it has not begun. */
export const lootIn = (directory: string): LootLine[] => {
  const file = join(directory, 'loot.ndjson');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => lootLine.parse(JSON.parse(line)));
};

/** One text for each thing that it got: `attempt: what (where)`. */
export const itemsOf = (lines: readonly LootLine[]): string[] =>
  lines.flatMap(({ attempt, got }) => got.map(({ what, at }) => `${attempt}: ${what} (${at})`));

/** Which secrets stand in these texts. */
export const secretsIn = (secrets: Readonly<Record<string, string>>, where: string, text: string | Buffer): string[] =>
  Object.entries(secrets).flatMap(([name, value]) => (text.includes(value) ? [`${where}: ${name}`] : []));

/** Which secrets stand in files below a directory; links are not followed. */
export const secretsBelow = (secrets: Readonly<Record<string, string>>, directory: string): string[] =>
  filesBelow(directory).flatMap((path) => secretsIn(secrets, path, readFileSync(path)));

/** Files below a directory. Links are not followed: whoever looks here is root. */
export const filesBelow = (directory: string): string[] =>
  readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  });

/** Traps of the thief into which somebody else has stepped. */
export const marksOfOthers = (directory: string): string[] => {
  const marks = join(directory, 'marks');
  const own = statSync(directory).uid;
  if (!existsSync(marks)) return [];
  return readdirSync(marks).flatMap((name) => {
    const { uid } = lstatSync(join(marks, name));
    return uid === own ? [] : [`trap ${name}: stepped into by user ${uid}`];
  });
};
