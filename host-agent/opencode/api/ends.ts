/**
 * How OpenCode's processes ended: written by the launcher, who knows, and said to the people whose turns ended with
 * one.
 */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { writePrivateFile } from '../../process/private-file.ts';

/** The newest last. `text` is a sentence for people about a turn that ran then. */
const endsFile = z.array(z.object({ instance: z.string(), text: z.string() }));

/** A turn is judged at the next start of OpenCode; a few more are for one that fails again and again. */
const keptEnds = 20;

/** Notes how `process` ends, unless that is known: what is said first is the cause. */
export const noteEnd = async (path: string, process: string, text: string): Promise<void> => {
  const ends = read(path);
  if (ends.some((end) => end.instance === process)) return;
  await writePrivateFile(path, JSON.stringify([...ends, { instance: process, text }].slice(-keptEnds)));
};

/** The sentence of `process`; undefined when it runs, or nobody saw it end. */
export const endOf = (path: string, process: string): string | undefined =>
  read(path).find((end) => end.instance === process)?.text;

const read = (path: string): z.infer<typeof endsFile> => {
  try {
    return endsFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return []; // It only makes a sentence more exact: without it, the sentence is the general one.
  }
};
