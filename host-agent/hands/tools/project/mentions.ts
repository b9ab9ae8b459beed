/** Files that a person names by `@path` in a message. */

import type { Ask, Outcome } from '../../call/outcome.ts';
import { Refused } from '../../call/refused.ts';
import type { Situation } from '../../call/tool.ts';
import { locate } from '../place.ts';
import { readTool } from '../read.ts';

/** A longer list is for the agent to read itself. */
const maxMentions = 20;
/** Together, of texts and of images as base64: they travel in one answer of an actor. */
const maxTextBytes = 96 * 1024;
const maxImageChars = 10 * 1024 * 1024;

export interface Mentioned {
  path: string;
  text: string;
  images: { mime: string; base64: string }[];
}

/**
 * What the files and directories of the mission that `text` names hold, as `read` shows it. What leads out of the
 * mission's directory, or is not there, is a text like any other: the agent can ask for it.
 */
export const mentionedFiles = async (situation: Situation, text: string): Promise<Mentioned[]> => {
  const found: Mentioned[] = [];
  const seen = new Set<string>();
  let [textLeft, imagesLeft] = [maxTextBytes, maxImageChars];
  for (const [, written = ''] of text.matchAll(/(?<![\w`])@([^\s`,;"'()<>[\]{}]+)/g)) {
    const path = written.replace(/[.:!?]+$/, '');
    if (path === '' || seen.has(path) || found.length >= maxMentions) continue;
    seen.add(path);
    const outcome = await readInside(situation, path);
    if (outcome?.kind !== 'done') continue;
    const images = outcome.images ?? [];
    textLeft -= Buffer.byteLength(outcome.text);
    imagesLeft -= images.reduce((sum, { base64 }) => sum + base64.length, 0);
    const fits = textLeft >= 0 && imagesLeft >= 0;
    found.push({
      path,
      text: fits ? outcome.text : `(${path} is too much to be shown here: read it.)`,
      images: fits ? images : [],
    });
  }
  return found;
};

/** Null for what is not read unasked. The person named it, so nobody is asked for what is inside. */
const readInside = async (situation: Situation, path: string): Promise<Outcome | null> => {
  try {
    if (!(await locate(situation, path)).isInside) return null;
  } catch (error) {
    if (error instanceof Refused || (error instanceof Error && 'code' in error)) return null;
    throw error;
  }
  const once = (granted: readonly Ask[]) => readTool.run({ filePath: path }, { ...situation, granted });
  const outcome = await once([]);
  return outcome.kind === 'asks' && outcome.asks.every(({ permission }) => permission === 'read')
    ? once(outcome.asks)
    : outcome;
};
