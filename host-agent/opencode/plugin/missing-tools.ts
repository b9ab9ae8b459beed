import type { Declared } from '../../hands/declared/declared.ts';

/** OpenCode's own tools that ours replace. */
const own: ReadonlySet<string> = new Set(['bash', 'read', 'write', 'edit', 'apply_patch', 'glob', 'grep', 'webfetch']);

/**
 * Which of our tools OpenCode does not have, by its list of names: it has its own first, and then those of plug-ins, so
 * one that is replaced is there twice (opencode §10.8).
 */
export const missingTools = (names: readonly string[], declared: readonly Pick<Declared, 'name'>[]): string[] => {
  const times = (name: string): number => names.filter((each) => each === name).length;
  return declared.map(({ name }) => name).filter((name) => times(name) < (own.has(name) ? 2 : 1));
};
