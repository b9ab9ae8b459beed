/** What a place holds on the disk, by a program that follows no link: nobody in the place leads it elsewhere. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../process/child.ts';
import type { WardenConfig } from './config.ts';

/**
 * Bytes of the place with this number, of files that its user hid from itself too; files that leave meanwhile count or
 * not. Null where agents are a user of the machine. Rejects where the program fails. Everything else goes before it.
 */
export const measure = async (
  { places, workingDir, user }: Pick<WardenConfig, 'places' | 'workingDir' | 'user'>,
  number: number,
): Promise<number | null> => {
  if (user) return null;
  const paths = [join(places, String(number))];
  for (const root of ['workspaces', 'context'].map((name) => join(workingDir, name)))
    for (const name of await readdir(root).catch(() => []))
      if ((await lstat(join(root, name)).catch(() => null))?.uid === number) paths.push(join(root, name));
  const { stdout, stderr, failure } = await runProgram({
    command: ['nice', '-n', '19', 'du', '-sxc', '--block-size=1', '--files0-from=-'],
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
    cwd: '/',
    input: paths.map((path) => `${path}\0`).join(''),
    output: 'kept',
    maxChars: 10_000_000,
  });
  // It ends with 1 where a file was gone before it was counted, and has counted the rest.
  const total = /(?:^|\n)(\d+)\ttotal\n$/.exec(stdout)?.[1];
  if (total === undefined)
    throw new Error(`du says nothing of place ${number}: ${failure ?? ''} ${stderr.slice(0, 500)}`);
  return Number(total);
};
