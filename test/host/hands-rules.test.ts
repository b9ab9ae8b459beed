// Rules of a project, as an actor reads them for a session.
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { maxOutputBytes } from '../../host-agent/hands/tools/fit-output.ts';
import { handsSession } from '../support/hands.ts';
import { temporaryDirectory } from '../support/host-store.ts';

const everything = { claudeRules: true, claudeSkills: true, agentsSkills: true, instructions: [] };

test('rules of inner directories come with the first file that is read there, the innermost first', async () => {
  const { put, text } = handsSession();
  put('AGENTS.md', 'Of the mission.');
  put('a/AGENTS.md', 'Of a.');
  put('a/b/CLAUDE.md', 'Of b.');
  put('a/b/one.txt', 'one');
  put('a/b/two.txt', 'two');

  const first = await text('read', { filePath: 'a/b/one.txt' });
  const second = await text('read', { filePath: 'a/b/two.txt' });

  expect(first).toMatch(/1: one[\s\S]*a\/b\/CLAUDE\.md:\nOf b\.[\s\S]*a\/AGENTS\.md:\nOf a\.$/);
  expect(first).not.toContain('Of the mission.');
  expect(second).not.toContain('Rules of');
});

test('rules that were read themselves do not come again, and those that changed do', async () => {
  const { put, text } = handsSession();
  put('a/AGENTS.md', 'Of a.');
  put('a/one.txt', 'one');
  await text('read', { filePath: 'a/AGENTS.md' });

  const known = await text('read', { filePath: 'a/one.txt' });
  put('a/AGENTS.md', 'Of a, and more.');
  const changed = await text('read', { filePath: 'a/one.txt' });

  expect(known).not.toContain('Rules of');
  expect(changed).toContain('Of a, and more.');
});

test.each([
  ['long', 'x'.repeat(60 * 1024)],
  ['of many lines', 'x\n'.repeat(5_000)],
])('rules that are %s leave the whole result below what OpenCode cuts', async (_how, rules) => {
  const { put, text } = handsSession();
  put('a/AGENTS.md', rules);
  put('a/one.txt', `${'line\n'.repeat(20_000)}`);

  const shown = await text('read', { filePath: 'a/one.txt' });

  expect(Buffer.byteLength(shown)).toBeLessThan(maxOutputBytes + 1024);
  expect(shown.split('\n').length).toBeLessThan(1_980);
  expect(shown).toContain('Go on with offset=');
  expect(shown).toContain('It is longer: read the rest of');
});

test('what leads out of the mission is no rule of it, and no pipe holds anybody up', async () => {
  const { directory, put, text } = handsSession();
  const outside = join(temporaryDirectory(), 'secret.txt');
  writeFileSync(outside, 'Kept from the agent.');
  put('a/one.txt', 'one');
  symlinkSync(outside, join(directory, 'a', 'AGENTS.md'));
  symlinkSync(outside, join(directory, 'AGENTS.md'));
  put('opencode.json', JSON.stringify({ instructions: [outside, '../secret.txt', '~/x'] }));

  expect(await text('read', { filePath: 'a/one.txt' })).not.toContain('Kept');
  expect(await text('project_text', everything)).toBe('');
});

test('all rules of a project together are bounded, and what is no text is passed over', async () => {
  const { put, text } = handsSession();
  put('AGENTS.md', 'a'.repeat(40 * 1024));
  put('one.md', 'b'.repeat(40 * 1024));
  put('two.md', 'c');
  put('bin.md', Buffer.from([0, 1, 2, 0]));

  const shown = await text('project_text', { ...everything, instructions: ['bin.md', 'one.md', 'two.md'] });

  expect(shown.length).toBeLessThan(65 * 1024);
  expect(shown).toContain('read the rest of');
  expect(shown).not.toMatch(/two\.md|bin\.md/);
});

test('whoever has a name for Claude’s files that does not count has none of them', async () => {
  const { put, text } = handsSession();
  put('CLAUDE.md', 'Of Claude.');
  put('.claude/skills/a/SKILL.md', '---\nname: a\ndescription: A\n---\n');
  put('.agents/skills/b/SKILL.md', '---\nname: b\ndescription: B\n---\n');

  const all = await text('project_text', everything);
  const none = await text('project_text', { ...everything, claudeRules: false, claudeSkills: false });

  expect(all).toMatch(/Of Claude\.[\s\S]*- a: A [\s\S]*- b: B /);
  expect(none).toMatch(/- b: B /);
  expect(none).not.toMatch(/Of Claude|- a: A/);
});
