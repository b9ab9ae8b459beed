/** What a project says to every agent that works in it: `AGENTS.md` and what else counts as such (opencode §10.7). */
import { dirname, join } from 'node:path';
import type { Situation } from '../../call/tool.ts';
import { isInside, type Place } from '../place.ts';
import { isSameState } from '../seen-files.ts';
import { linesIn } from '../text.ts';
import { type ProjectFile, projectFile } from './project-file.ts';

/** Nobody's rules are longer; each model call carries them. */
export const maxRuleBytes = 32 * 1024;
export const maxRulesBytes = 64 * 1024;

/** Of a directory the first of these that is there counts. */
const names = (claude: boolean): string[] => ['AGENTS.md', ...(claude ? ['CLAUDE.md'] : []), 'CONTEXT.md'];

/** The rules of one directory; null where it has none. */
export const rulesIn = async (
  situation: Pick<Situation, 'directory'>,
  directory: string,
  { claude, maxBytes }: { claude: boolean; maxBytes: number },
): Promise<ProjectFile | null> => {
  for (const name of names(claude)) {
    const found = await projectFile(situation, join(directory, name), Math.min(maxBytes, maxRuleBytes));
    if (found && found.text.trim() !== '') return found;
  }
  return null;
};

/** As a model reads them. */
export const shownRules = ({ path, text, isCut }: ProjectFile): string =>
  `Rules of ${path}:\n${text.trimEnd()}${isCut ? `\n(It is longer: read the rest of ${path}.)` : ''}`;

/**
 * Rules of the directories between the mission's own, whose rules are in the system prompt, and the file at `place`,
 * the innermost first, as far as this session has not seen them as they are. They count as seen from then on.
 */
export const nestedRules = async (situation: Situation, place: Place): Promise<string> => {
  const { directory, seen } = situation;
  const shown: string[] = [];
  let [left, linesLeft] = [maxNestedBytes, maxNestedLines];
  for (let at = dirname(place.shown); isInside(directory, at) && at !== directory; at = dirname(at)) {
    const rules = await rulesIn(situation, at, { claude: true, maxBytes: left });
    if (!rules || rules.real === place.real) continue;
    const before = seen.of(rules.real);
    if (before && isSameState(before, rules.state)) continue;
    seen.note(rules.real, rules.state);
    const lines = linesIn(rules.text);
    const isCut = rules.isCut || lines.length > linesLeft;
    shown.push(shownRules({ ...rules, text: lines.slice(0, linesLeft).join('\n'), isCut }));
    left -= Buffer.byteLength(rules.text);
    linesLeft -= lines.length;
    if (left <= 0 || linesLeft <= 0) break;
  }
  return shown.join('\n\n');
};

/** Beside the file itself, within what a model reads of one result (tools/fit-output). */
const maxNestedBytes = 16 * 1024;
const maxNestedLines = 500;
