/** The tools for files, as models see them. Arguments are OpenCode's own, where it has such a tool. */
import * as z from 'zod';
import { declare } from './declared.ts';

const filePath = z.string().describe('Path of the file: absolute, or from the working directory');
/** Models write numbers as texts now and then. */
const number = (schema: z.ZodInt) => z.coerce.number().pipe(schema);

export const read = declare({
  name: 'read',
  description: `Shows a file with its line numbers, or what a directory contains.

- Each line comes as \`<number>: <text>\`. The number and the colon are not part of the file.
- Without offset and limit you get the file from its first line, at most 1,940 lines or 46 KB; the end says how many
  lines there are and where to go on. Read large parts rather than many small ones.
- Lines of more than 2,000 characters are cut. To find something in a large file, use grep.
- Images (PNG, JPEG, GIF, WebP) and PDF files are shown to you as such. Of other binary files you are told what they
  are.
- A directory is listed with one name a line; directories end with a slash, links say where they lead.
- Read several files at once by calling this tool several times in one message.`,
  args: {
    filePath: z.string().describe('Path of the file or directory: absolute, or from the working directory'),
    offset: number(z.int().nonnegative()).optional().describe('First line to show, counted from 1'),
    limit: number(z.int().positive()).optional().describe('How many lines to show at most'),
  },
});

export const write = declare({
  name: 'write',
  description: `Writes a whole file, and makes the directories above it where they are missing.

- A file that exists is replaced. Read it first: what you have not read, or what has changed since you read it, is not
  overwritten.
- To change parts of a file, use edit: it is shorter and can't lose the rest.
- Make new files, documentation among them, only where the task needs them.`,
  args: { filePath, content: z.string().describe('The whole new content') },
});

const oldString = z.string().describe('The text to replace, exactly as it is in the file');
const newString = z.string().describe('What comes in its place; must differ from oldString');
const replaceAll = z.boolean().optional().describe('Replace it wherever it is in the file (default: false)');

export const edit = declare({
  name: 'edit',
  description: `Replaces text in a file.

- oldString is text of the file with its indentation, without the line numbers that read puts before it. It has to be
  in the file exactly once: add the lines around it until it is, or set replaceAll to replace it everywhere (to rename
  something, for example).
- Several changes of one file go in one call: give them as edits instead of oldString and newString. They are done in
  their order, all or none.
- If nothing matches exactly, white space and typographic signs are ignored; the result says so. If the text is not
  there or not unique, nothing is changed, and you are told where to look.
- A file that changed since you read it is not edited: read it again.
- Line ends, encoding and mode of the file stay as they are. With an empty oldString a new file is made.`,
  args: {
    filePath,
    oldString: oldString.optional(),
    newString: newString.optional(),
    replaceAll,
    edits: z
      .array(z.object({ oldString, newString, replaceAll }))
      .min(1)
      .optional()
      .describe('Several changes of this file, instead of oldString and newString'),
  },
});

export const applyPatch = declare({
  name: 'apply_patch',
  description: `Changes files by a patch in this form:

*** Begin Patch
*** Add File: path/new.txt
+its first line
*** Update File: path/old.ts
*** Move to: path/renamed.ts
@@ function name() {
 a line that stays
-a line that goes
+a line that comes
*** Delete File: path/gone.txt
*** End Patch

- Each file has one header: Add (every line begins with +), Update (with an optional Move to behind it) or Delete.
- In an Update, begin each place with @@, and behind it, where lines alone are not unique, the line of the function or
  class it is in. Give about three lines around a change: with a space before lines that stay, - before those that go,
  + before those that come. *** End of File says that a place is at the end.
- Paths are absolute, or from the working directory. All of the patch is checked before anything is changed.`,
  args: { patchText: z.string().describe('The whole patch, from *** Begin Patch to *** End Patch') },
});

export const glob = declare({
  name: 'glob',
  description: `Finds files by their names.

- Patterns such as "**/*.ts" or "src/**/test-*.py"; one without a slash is looked for at every depth.
- You get absolute paths, the file that was changed last first, at most 100. What .gitignore leaves out is left out
  here too.
- Search for several patterns at once by calling this tool several times in one message.`,
  args: {
    pattern: z.string().describe('The pattern of names'),
    path: z.string().optional().describe('Directory to search in; the working directory if absent'),
  },
});

export const grep = declare({
  name: 'grep',
  description: `Finds lines in files by a regular expression.

- The expression is ripgrep's, such as "log.*Error" or "function\\s+\\w+"; it is looked for in each line.
- include limits the files, such as "*.js" or "*.{ts,tsx}". What .gitignore leaves out, and binary files, are left
  out.
- You get paths, line numbers and lines, the file that was changed last first, at most 100 lines. To count all of
  them, use bash with rg.`,
  args: {
    pattern: z.string().describe('The regular expression'),
    path: z.string().optional().describe('Directory or file to search in; the working directory if absent'),
    include: z.string().optional().describe('Pattern of the names of files to search in'),
  },
});
