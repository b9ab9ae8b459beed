import type { Context } from './context.ts';

/**
 * The token of `Authorization: Bearer …`; undefined when there is none. The scheme's case doesn't count (RFC
 * 9110 §11.1).
 */
export const bearerOf = (c: Context): string | undefined =>
  /^bearer +(\S.*)$/i.exec(c.req.header('Authorization')?.trim() ?? '')?.[1];
