import { sayRunningOpenCode } from '../say.ts';
import type { Start } from '../state/start.ts';
import { handsRole } from './hands.ts';
import { openCodeRole } from './opencode.ts';
import { useRunningOpenCode } from './running-opencode.ts';
import type { StartChild } from './supervise.ts';
import { wardenRole } from './warden.ts';

/**
 * Starts the warden where there is one, the hands and OpenCode, which has its tools from them, or begins to use the
 * OpenCode of OPENCODE_BASE_URL, which has its own. Resolves with why it is not there yet, if so. `script` is the
 * program of the hands.
 */
export const startOpenCodeChild = (
  start: Start,
  script: string,
  startChild: StartChild,
  stop: AbortSignal,
): Promise<Error | string | undefined> => {
  const { settings, clock, log } = start;
  const baseUrl = settings.openCodeBaseUrl;
  if (baseUrl === undefined) {
    if (start.boundary.kind === 'places')
      startChild(wardenRole(start, script, start.boundary), 'The process that makes places for agents');
    startChild(handsRole(start, script), 'The process that runs tools');
    return startChild(openCodeRole(start, script), 'OpenCode').firstStart;
  }
  return useRunningOpenCode({ settings, baseUrl, clock, log, tell: sayRunningOpenCode, stop });
};
