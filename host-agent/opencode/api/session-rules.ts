import type { Rule } from './client.ts';
import type { Session } from './events.ts';

/** What OpenCode asks for by itself (opencode §8.3), as rules. */
const asking: readonly Rule[] = [
  { permission: 'external_directory', pattern: '*', action: 'ask' },
  { permission: 'doom_loop', pattern: '*', action: 'ask' },
  { permission: 'read', pattern: '*.env', action: 'ask' },
  { permission: 'read', pattern: '*.env.*', action: 'ask' },
  { permission: 'read', pattern: '*.env.example', action: 'allow' },
];

/**
 * Sessions get no rules of their own, but older ones carry ours of the time when nobody could answer: no question, and
 * everything allowed that would ask. OpenCode only ever adds rules to a session and the last that fits wins, so these
 * undo them. Adding them twice is never needed.
 */
export const rulesToAdd = (present: NonNullable<Session['permission']>, permissive: boolean): Rule[] => {
  const last = (permission: string) => present.findLast((rule) => rule.permission === permission);
  const isForAll = (permission: string, action: string): boolean => {
    const rule = last(permission);
    return rule?.pattern === '*' && rule.action === action;
  };
  const question: Rule[] = isForAll('question', 'deny')
    ? [{ permission: 'question', pattern: '*', action: 'allow' }]
    : [];
  if (permissive) return question;
  return [...question, ...asking.filter(({ permission }) => isForAll(permission, 'allow'))];
};
