import { sayRunningOpenCode } from '../say.ts';
import type { Base } from '../state/start.ts';
import { openCodeRole } from './opencode.ts';
import { useRunningOpenCode } from './running-opencode.ts';
import type { Begin } from './supervise.ts';

/** Starts OpenCode, or begins to use the one of OPENCODE_BASE_URL. Resolves with why it is not there yet, if so. */
export const beginOpenCode = (ground: Base, begin: Begin, stop: AbortSignal): Promise<Error | string | undefined> => {
  const { settings, log } = ground;
  const baseUrl = settings.openCodeBaseUrl;
  if (baseUrl === undefined) return begin(openCodeRole(ground), 'OpenCode').firstStart;
  return useRunningOpenCode({ settings, baseUrl, log, tell: sayRunningOpenCode, stop });
};
