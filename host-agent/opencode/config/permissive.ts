/**
 * Whether OPENCODE_PERMISSIVE, checked by the settings, leaves nothing to ask for: it does unless it says no
 * (contract §13.1).
 */
export const isPermissive = (env: Readonly<Record<string, string | undefined>>): boolean =>
  env.OPENCODE_PERMISSIVE !== 'false' && env.OPENCODE_PERMISSIVE !== '0';
