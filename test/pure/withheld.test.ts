import { expect, test } from 'vitest';
import { missingTools } from '../../host-agent/opencode/plugin/missing-tools.ts';
import { giveBack, withheld } from '../../host-agent/opencode/plugin/withheld.ts';

/** A configuration as the plug-in leaves it. */
const given = (config: object): object => {
  const own = structuredClone(config);
  giveBack(own);
  return own;
};

const explore = { permission: { bash_output: 'allow', bash_kill: 'allow' } };

test('what was withheld is given back, and nothing that a person has denied', () => {
  const person = { edit: 'deny', bash: { '*': 'ask', 'rm *': 'deny' }, webfetch: 'deny' };

  expect(given({ model: 'm', permission: { ...person, ...withheld } })).toEqual({
    model: 'm',
    permission: { 'workspace_*': 'deny', ...person },
    agent: { explore },
  });
});

test('aliases are hidden behind a rule for everything, and shown where a person wants them', () => {
  const rules = (permission: object | string): string =>
    JSON.stringify(given({ permission }))
      .replace(/,"agent".*/, '')
      .replace('{"permission":', '');

  expect(rules('allow')).toBe('{"*":"allow","workspace_*":"deny"}');
  expect(rules({ read: 'ask', '*': 'allow', ...withheld })).toBe('{"read":"ask","*":"allow","workspace_*":"deny"}');
  expect(rules({ 'workspace_*': 'allow' })).toBe('{"workspace_*":"allow"}');
  expect(rules({ workspace_bash: 'allow', ...withheld })).toBe('{"workspace_*":"deny","workspace_bash":"allow"}');
});

test('an agent of a person keeps its rules', () => {
  expect(
    given({ permission: {}, agent: { explore: { model: 'm', permission: { bash_kill: 'deny' } } } }),
  ).toMatchObject({
    agent: { explore: { model: 'm', permission: { bash_output: 'allow', bash_kill: 'deny' } } },
  });
});

test('a configuration without rules, or that is none, is no failure', () => {
  expect(given({})).toEqual({ permission: { 'workspace_*': 'deny' }, agent: { explore } });
  expect(() => giveBack(undefined)).not.toThrow();
});

test('a tool of ours is missing where OpenCode has only its own of that name', () => {
  const declared = [{ name: 'bash' }, { name: 'bash_output' }];

  expect(missingTools(['bash', 'read', 'bash', 'bash_output'], declared)).toEqual([]);
  expect(missingTools(['bash', 'read'], declared)).toEqual(['bash', 'bash_output']);
});
