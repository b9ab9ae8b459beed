import type { Declared } from './declared.ts';

/** Every tool that models are offered, in the order in which they see it. */
export const declaredTools: readonly Declared[] = [];
