import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { markdownTable } from '../../host-agent/config/table.ts';

const root = join(import.meta.dirname, '..', '..');
const text = (name: string): string => readFileSync(join(root, name), 'utf8');

test('the documented configuration table is the one the program has', () => {
  expect(text('docs/configuration.md')).toContain(markdownTable());
});

test('AGENTS.md stays short and every file it names exists', () => {
  const agents = text('AGENTS.md');
  const named = [...agents.matchAll(/`((?:worker|host-agent|shared|test)\/[\w./-]+)`/g)].map((match) => match[1] ?? '');
  const files = new Set(
    ['worker', 'host-agent', 'shared', 'tools', 'test'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    ),
  );

  expect(agents.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !files.has(name) && !files.has(`${name}.ts`))).toEqual([]);
});

test('every migration file is bundled, in order', () => {
  const files = readdirSync(join(root, 'migrations')).filter((name) => name.endsWith('.sql'));
  const bundled = [...text('worker/directory/migrations.ts').matchAll(/name: '([^']+)'/g)].map((match) => match[1]);

  expect(bundled).toEqual(files.toSorted());
});
