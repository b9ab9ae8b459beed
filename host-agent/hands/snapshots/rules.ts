/** Which names a snapshot leaves out: by the `.gitignore` files of the tree, and by the few rules that are ours. */
import { type Pattern, patternOf } from './pattern.ts';

/** Made again by those who need it, and never what a person means by a change. */
const neverKept: ReadonlySet<string> = new Set(['.git', 'node_modules', '__pycache__']);
/** In the mission's directory itself: what we put there (workspaces/mission-directory). */
const oursInRoot: ReadonlySet<string> = new Set(['.opencode', 'opencode.json', 'context', 'temp']);

/** Of one file; what is beyond is not read. */
export const maxRulesBytes = 256 * 1024;

/** What holds in a directory. */
export interface Rules {
  /** Others have another one. */
  id: string;
  leaveOut(path: string, isFolder: boolean): boolean;
}

export const rootRules: Rules = {
  id: '',
  leaveOut: (path) => neverKept.has(path.slice(path.lastIndexOf('/') + 1)) || oursInRoot.has(path),
};

/**
 * The rules of a directory with a `.gitignore` of its own: its last line about a path decides, and where none is about
 * it the rules above do. `hash` is that of the file, whose text is had when it is first needed.
 */
export const rulesBelow = (above: Rules, folder: string, hash: string, text: () => string): Rules => {
  const begin = folder === '' ? 0 : folder.length + 1;
  let patterns: Pattern[] | undefined;
  return {
    id: `${above.id}/${hash}`,
    leaveOut: (path, isFolder) => {
      if (rootRules.leaveOut(path, isFolder)) return true;
      patterns ??= text()
        .split('\n')
        .flatMap((line) => patternOf(line) ?? [])
        .reverse();
      const below = path.slice(begin);
      const said = patterns.find((each) => (isFolder || !each.isOfFolders) && each.matches(below));
      return said ? !said.isNegated : above.leaveOut(path, isFolder);
    },
  };
};
