import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { brokenLinks, missingFiles, readSections, unresolved } from '../support/references.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The documents by the word that the sources cite them with. */
const documents = {
  protocol: 'docs/protocol.md',
  contract: 'docs/api-contract.md',
  opencode: 'docs/opencode.md',
  edge: 'docs/edge.md',
  architecture: 'docs/architecture.md',
};
const sections = readSections(Object.entries(documents).map(([word, path]) => ({ word, path, text: read(path) })));

const files = ['shared', 'worker', 'host-agent', 'tools', 'test', 'docs'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs|md|txt)$/.test(name))
    .map((name) => join(folder, name))
    // The made-up references below.
    .filter((path) => path !== 'test/pure/documents.test.ts'),
);
const pages = [...files, 'README.md', 'INSTALL.md', 'AGENTS.md', 'CHANGELOG.md'].filter((path) => path.endsWith('.md'));

test('every section that a source, a test or a document cites is there', () => {
  const cited = [...new Set([...files, ...pages])].map((path) => ({ path, text: read(path) }));

  expect(cited.flatMap((file) => unresolved(file, sections))).toEqual([]);
  expect(cited.filter(({ text }) => text.includes('§')).length).toBeGreaterThan(100);
});

test.for([
  ['a section that is not there', 'protocol §99'],
  ['a document that is not there', 'specification §1'],
  ['no document at all', 'as §1 says'],
  ['the second of two', 'contract §1.4, §1.99'],
  ['the end of a range', 'contract §2.8–§2.99'],
  ['a rule of a section that has no such rule', 'contract §2.3, rule 77'],
  ['an invariant that is not there', 'invariant 77'],
  ['a name that the section does not have', 'protocol §4 "Made up"'],
  ['a reference over two lines of a comment', 'protocol\n * §99'],
])('a made-up reference is found: %s', ([, text]) => {
  expect(unresolved({ path: 'x.ts', text: `/** ${text} */` }, sections)).toHaveLength(1);
});

test.for([
  'protocol §4 "Answers"',
  'Contract §2.3, rule 4',
  'the contract wants it (§1.5)',
  'protocol\n * §2',
  'RFC 9110 §14.2',
  'architecture §3, 9',
])('a true reference is not: %s', (text) => {
  expect(unresolved({ path: 'x.ts', text: `/** ${text} */` }, sections)).toEqual([]);
});

test('every link between documents leads to a file and a heading that are there', () => {
  const broken = pages.flatMap((path) =>
    brokenLinks(path, read(path), (to) => {
      const file = join(dirname(path), to);
      return existsSync(join(root, file)) ? (file.endsWith('.md') ? read(file) : '') : null;
    }),
  );

  expect(broken).toEqual([]);
  expect(brokenLinks('a.md', '[x](b.md) [y](c.md#z) [z](#n)', (to) => (to === 'c.md' ? '# A' : null))).toHaveLength(3);
});

test('every file that a document names is there', () => {
  const isThere = (path: string): boolean =>
    ['', '.ts', '.test.ts'].some((ending) => existsSync(join(root, `${path}${ending}`)));

  expect(pages.flatMap((path) => missingFiles(path, read(path), isThere))).toEqual([]);
  expect(missingFiles('a.md', '`worker/made-up`', isThere)).toHaveLength(1);
});
