/**
 * The tools for files under the names, and with the arguments, that prompts and agents of the original have (contract
 * §8.10). Hidden unless an agent's rules allow them.
 */
import * as z from 'zod';
import { declare } from './declared.ts';

const path = (what: string) => z.string().describe(`${what}: absolute, or from the mission's directory`);
const number = (schema: z.ZodInt) => z.coerce.number().pipe(schema);

export const workspaceReadFile = declare({
  name: 'workspace_read_file',
  description: 'Shows a text file, or a part of it by lines. Binary files are described instead.',
  args: {
    path: path('Path of the file'),
    start_line: number(z.int().positive()).optional().describe('First line, counted from 1'),
    end_line: number(z.int().positive()).optional().describe('Last line, which is shown as well'),
  },
});

export const workspaceWriteFile = declare({
  name: 'workspace_write_file',
  description: 'Writes a whole file, and makes the directories above it. Warns of content that looks cut off.',
  args: { path: path('Path of the file'), content: z.string().describe('The whole new content') },
});

export const workspaceDeleteFile = declare({
  name: 'workspace_delete_file',
  description: 'Removes one file. A link is removed itself, not what it leads to.',
  args: { path: path('Path of the file') },
});

export const workspaceListDirectory = declare({
  name: 'workspace_list_directory',
  description: 'Lists a directory as a tree.',
  args: {
    path: path('Path of the directory'),
    max_depth: number(z.int().positive()).optional().describe('How many levels deep (default: 3)'),
  },
});

export const workspaceSearchFiles = declare({
  name: 'workspace_search_files',
  description:
    'Finds files by their names, at most 100: a part of the name, or a pattern such as "*.ts". The one that was ' +
    'changed last comes first.',
  args: {
    pattern: z.string().describe('Part of a name, or a pattern'),
    path: path('Directory to search in').optional(),
  },
});

export const workspaceGrepSearch = declare({
  name: 'workspace_grep_search',
  description: 'Finds lines in files by a regular expression, at most 100.',
  args: {
    pattern: z.string().describe('The regular expression'),
    path: path('Directory or file to search in').optional(),
    file_pattern: z.string().optional().describe('Pattern of the names of files, such as "*.py"'),
    case_sensitive: z.boolean().optional().describe('Whether large and small letters differ (default: false)'),
  },
});
