import * as z from 'zod';
import { withheld } from '../plugin/withheld.ts';

const rules = z.record(z.string(), z.unknown());

/**
 * A value for OPENCODE_PERMISSION, which OpenCode merges into its configuration behind everything else: the person's
 * rules in `given`, then those that withhold OpenCode's own tools until our plug-in is there. Throws when `given` is no
 * JSON object, which OpenCode would not start with either.
 */
export const withheldPermission = (given: string | undefined): string => {
  const { success, data } = rules.safeParse(parse(given || '{}'));
  if (!success) throw new Error('OPENCODE_PERMISSION is not a JSON object like {"bash": "ask"}. Correct or remove it.');
  return JSON.stringify({ ...data, ...withheld });
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
