// What `tools` has an agent call, and the tree in which it does.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A tool as an agent calls it, so often in one turn. */
export interface ToolCase {
  what: string;
  tool: string;
  /** Arguments of the nth call; not those of the one before, so that nothing has the answer still. */
  args(nth: number): object;
  /** A call before, which isn't measured. */
  first?: { tool: string; args: object };
}

const [folders, filesOfEach] = [100, 100];
const name = (letter: string, at: number): string => `${letter}${String(at).padStart(2, '0')}`;

/** Makes 10,000 files of some twenty lines, and a few others. */
export const makeTree = (directory: string): void => {
  for (let folder = 0; folder < folders; folder++) {
    const path = join(directory, 'src', name('d', folder));
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < filesOfEach; file++)
      writeFileSync(join(path, `${name('f', file)}.ts`), sourceOf(folder, file));
  }
  writeFileSync(join(directory, 'long.txt'), line.repeat(2_000));
  writeFileSync(join(directory, 'edited.ts'), `let value = 0;\n${sourceOf(0, 0).repeat(20)}`);
};

const line = 'A line of the length that lines of programs have, more or less.\n';

/** One of a thousand has the word that is looked for. */
const sourceOf = (folder: number, file: number): string =>
  Array.from({ length: 18 }, (_, at) => `export const value${at} = ${folder * at} + ${file}; // as it is\n`).join('') +
  (file === 50 && folder % 10 === 0 ? 'const needle = 1;\n' : '');

/** In `directory`, which has such a tree; `page` answers with a page of HTML. */
export const toolCases = (directory: string, page: string): ToolCase[] => [
  { what: 'bash, `true`', tool: 'bash', args: (nth) => bash(`true ${nth}`) },
  { what: 'bash, 1 MB of output', tool: 'bash', args: (nth) => bash(`seq ${nth} 160000`) },
  {
    what: 'read, 2,000 lines asked for',
    tool: 'read',
    args: (nth) => ({ filePath: join(directory, 'long.txt'), limit: 2_000, offset: nth }),
  },
  {
    what: 'read, a small file',
    tool: 'read',
    args: (nth) => ({ filePath: join(directory, 'src', name('d', nth), 'f00.ts') }),
  },
  {
    what: 'edit',
    tool: 'edit',
    first: { tool: 'read', args: { filePath: join(directory, 'edited.ts') } },
    args: (nth) => ({
      filePath: join(directory, 'edited.ts'),
      oldString: `let value = ${nth - 1};`,
      newString: `let value = ${nth};`,
    }),
  },
  { what: 'glob, 10 of 10,000 files', tool: 'glob', args: (nth) => ({ pattern: `src/${name('d', nth)}/f1*.ts` }) },
  { what: 'glob, all of them', tool: 'glob', args: (nth) => ({ pattern: all[nth % all.length] }) },
  { what: 'grep, 10 lines in 10,000 files', tool: 'grep', args: (nth) => ({ pattern: `needle {0,${nth}}= 1` }) },
  { what: 'grep, a line that all have', tool: 'grep', args: (nth) => ({ pattern: `value1 {0,${nth}}=` }) },
  {
    what: 'webfetch of a local page',
    tool: 'webfetch',
    args: (nth) => ({ url: `${page}?${nth}`, format: 'markdown' }),
  },
];

const all = ['**/*.ts', 'src/**/*.ts', '**/f*.ts'];

const bash = (command: string) => ({ command, description: 'A call of the bench' });
