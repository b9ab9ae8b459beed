import { expect, test } from 'vitest';
import { adminScopes, neededScope, type Scope, userScopes } from '../../shared/scopes.ts';
import { type Principal, requireScope } from '../../worker/principal.ts';

const principal = (scopes: readonly Scope[]): Principal => ({
  user: { id: 'u1', name: 'ada' },
  login: null,
  scopes,
});

/** What a principal is told about each thing that can be declared; undefined for what it may do. */
const told = (scopes: readonly Scope[], refusal?: string) =>
  (['user', 'admin'] as const).flatMap((who) =>
    (['read', 'change'] as const).map((does) => {
      try {
        requireScope(principal(scopes), neededScope(who, does), refusal);
        return undefined;
      } catch (error) {
        return error instanceof Error ? error.message : error;
      }
    }),
  );

test('a user may look and change, an admin may all, and one who may only look is told what is lacking', () => {
  const adminText = 'Only an admin may do this';

  expect(told(userScopes)).toEqual([undefined, undefined, adminText, adminText]);
  expect(told(adminScopes)).toEqual([undefined, undefined, undefined, undefined]);
  expect(told(['read'])).toEqual([
    undefined,
    'This login may not do this: it lacks the scope `run`',
    adminText,
    adminText,
  ]);
});

test('what is for admins may say who to ask, and only about that', () => {
  expect(told([], 'Ask Ada')).toEqual([
    expect.stringContaining('`read`'),
    expect.stringContaining('`run`'),
    'Ask Ada',
    'Ask Ada',
  ]);
});
