import { sayRunningOpenCode } from '../say.ts';
import type { Start } from '../state/start.ts';
import { openCodeRole } from './opencode.ts';
import { useRunningOpenCode } from './running-opencode.ts';
import type { StartChild } from './supervise.ts';

/** Starts OpenCode, or begins to use the one of OPENCODE_BASE_URL. Resolves with why it is not there yet, if so. */
export const startOpenCodeChild = (
  start: Start,
  startChild: StartChild,
  stop: AbortSignal,
): Promise<Error | string | undefined> => {
  const { settings, clock, log } = start;
  const baseUrl = settings.openCodeBaseUrl;
  if (baseUrl === undefined) return startChild(openCodeRole(start), 'OpenCode').firstStart;
  return useRunningOpenCode({ settings, baseUrl, clock, log, tell: sayRunningOpenCode, stop });
};
