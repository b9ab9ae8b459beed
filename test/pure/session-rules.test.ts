import { expect, test } from 'vitest';
import type { Rule } from '../../host-agent/opencode/api/client.ts';
import { rulesToAdd } from '../../host-agent/opencode/api/session-rules.ts';

const rule = (permission: string, action: Rule['action'], pattern = '*'): Rule => ({ permission, pattern, action });
/** As sessions were made when nobody could answer. */
const unattended = [
  rule('question', 'deny'),
  rule('external_directory', 'allow'),
  rule('doom_loop', 'allow'),
  rule('read', 'allow'),
];

test('a session without rules needs none, whoever answers', () => {
  expect(rulesToAdd([], true)).toEqual([]);
  expect(rulesToAdd([], false)).toEqual([]);
});

test('an old session may ask questions again', () => {
  expect(rulesToAdd(unattended, true)).toEqual([rule('question', 'allow')]);
});

test('with people to ask, an old session asks for what OpenCode asks for by itself', () => {
  const added = rulesToAdd(unattended, false);

  expect(added).toContainEqual(rule('external_directory', 'ask'));
  expect(added).toContainEqual(rule('read', 'ask', '*.env'));
  expect(added.filter(({ permission }) => permission === 'question')).toEqual([rule('question', 'allow')]);
});

test.each([true, false])('rules are added once (permissive: %s)', (permissive) => {
  expect(rulesToAdd([...unattended, ...rulesToAdd(unattended, permissive)], permissive)).toEqual([]);
});
