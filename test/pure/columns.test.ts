// The formatter keeps code within 120 columns, strings apart. Comments it leaves alone, so they are measured here.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const maxColumns = 120;
const root = join(import.meta.dirname, '..', '..');

const sources = ['shared', 'worker', 'host-agent', 'tools', 'test'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs)$/.test(name) && !name.includes('fixtures/'))
    .map((name) => join(folder, name)),
);

/** A line that is a comment, or ends in one. */
const isComment = (line: string): boolean => /^\s*(\/\/|\/\*|\*)|[;,{})\]] \/\/ /.test(line);

test('no comment is wider than 120 columns', () => {
  const wide = sources.flatMap((path) =>
    readFileSync(join(root, path), 'utf8')
      .split('\n')
      .flatMap((line, index) => (line.length > maxColumns && isComment(line) ? [`${path}:${index + 1}`] : [])),
  );

  expect(wide).toEqual([]);
});
