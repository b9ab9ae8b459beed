/** The tools of contract §8.10 for files, on the code of the others. Each asks under its own name alone. */

import { Refused } from '../call/refused.ts';
import { makeTool, type Tool } from '../call/tool.ts';
import * as declared from '../declared/workspace-files.ts';
import { deletePath } from './delete.ts';
import { searchNames } from './glob.ts';
import { searchLines } from './grep.ts';
import { type LineWindow, maxWindowLines } from './line-window.ts';
import { looksCutOff } from './looks-cut-off.ts';
import type { AsksAs, Place } from './place.ts';
import { lastLine, readPath } from './read.ts';
import { listTree } from './tree.ts';
import { writePath } from './write.ts';

const under = (permission: `workspace_${string}`): AsksAs => ({ permission, isAlias: true });

/** The text alone: nothing stands around it, so that it can be used as it is. */
const bare = (_: Place, window: LineWindow): string => {
  const { lines, first, total } = window;
  const text = lines.join('\n');
  const last = lastLine(window);
  if (total !== null && last >= total) return text;
  return `${text}\n\n... (lines ${first} to ${last} of ${total ?? 'many'}; go on with start_line=${last + 1})`;
};

const readFile = makeTool(declared.workspaceReadFile, ({ path, start_line: start = 1, end_line: end }, situation) => {
  if (end !== undefined && end < start) throw new Refused(`Line ${end} is before line ${start}.`);
  return readPath(situation, path, {
    asks: under('workspace_read_file'),
    firstLine: start,
    maxLines: end === undefined ? maxWindowLines : end - start + 1,
    // Lines that were not asked for are not missing.
    rulesOf: async () => '', // The text alone.
    frame: (place, window) =>
      end !== undefined && lastLine(window) >= end ? window.lines.join('\n') : bare(place, window),
  });
});

const writeFile = makeTool(declared.workspaceWriteFile, ({ path, content }, situation) =>
  writePath(situation, path, content, {
    asks: under('workspace_write_file'),
    mayBeUnseen: true,
    said: ({ shown }, _, written) => {
      const warnings = looksCutOff(shown, written).map((warning) => `Warning: ${warning}`);
      return [`Wrote ${Buffer.byteLength(written)} bytes to ${shown}`, ...warnings].join('\n');
    },
  }),
);

const deleteFile = makeTool(declared.workspaceDeleteFile, ({ path }, situation) =>
  deletePath(situation, path, under('workspace_delete_file')),
);

const listDirectory = makeTool(declared.workspaceListDirectory, ({ path, max_depth: depth = 3 }, situation) =>
  listTree(situation, path, depth, under('workspace_list_directory')),
);

const searchFiles = makeTool(declared.workspaceSearchFiles, ({ pattern, path = '.' }, situation) =>
  searchNames(situation, {
    asks: under('workspace_search_files'),
    path,
    pattern,
    filter: `--iglob=${/[*?[{]/.test(pattern) ? pattern : `*${pattern}*`}`,
  }),
);

const grepSearch = makeTool(
  declared.workspaceGrepSearch,
  ({ pattern, path = '.', file_pattern: include, case_sensitive: isCaseSensitive = false }, situation) =>
    searchLines(situation, {
      asks: under('workspace_grep_search'),
      path,
      pattern,
      include: include ?? null,
      isCaseSensitive,
    }),
);

/** Failures are told as the original tells them. */
const asOriginal = (tool: Tool): Tool => ({
  ...tool,
  run: async (args, situation) => {
    const outcome = await tool.run(args, situation);
    return outcome.kind === 'failed' ? { kind: 'failed', text: `Tool error: ${outcome.text}` } : outcome;
  },
});

export const workspaceFileTools: readonly Tool[] = [
  readFile,
  writeFile,
  deleteFile,
  listDirectory,
  searchFiles,
  grepSearch,
].map(asOriginal);
