/**
 * `openagent opencode --state`: whether the OpenCode that runs is the one that is installed, for whoever updates this
 * server.
 */
import * as z from 'zod';
import { readSettings } from '../../config/settings.ts';
import { basicAuthorization } from '../../opencode/api/authorization.ts';
import { readServerFile } from '../../opencode/api/server-file.ts';
import { openCodeBinary } from '../../opencode/process/binary.ts';
import { countLiveTurns } from '../../store/live-turns.ts';

/**
 * `same`: nothing to do, `idle`: another version (or none) runs and nobody would notice a restart, `busy`: another
 * version runs and has turns.
 */
export type OpenCodeState = 'same' | 'idle' | 'busy';

/** Time for a running OpenCode to say its version. */
const answerMs = 3_000;

const health = z.object({ version: z.string() });

/** Looks at this server's state directory and OpenCode; changes nothing. */
export const openCodeState = async (environment: NodeJS.ProcessEnv): Promise<OpenCodeState> => {
  const { files, openCodeBaseUrl } = readSettings(environment);
  // A person's own OpenCode is not ours to restart.
  if (openCodeBaseUrl) return 'same';
  if ((await runningVersion(files.openCodeServer)) === openCodeBinary().version) return 'same';
  return countLiveTurns(files.store) === 0 ? 'idle' : 'busy';
};

/** The version of the running OpenCode; undefined when none answers, in which case there are no turns to lose. */
const runningVersion = async (path: string): Promise<string | undefined> => {
  try {
    const server = readServerFile(path);
    if ('failure' in server) return undefined;
    const response = await fetch(`${server.url}/global/health`, {
      headers: { authorization: basicAuthorization(server), connection: 'close' },
      signal: AbortSignal.timeout(answerMs),
    });
    return health.parse(await response.json()).version;
  } catch {
    return undefined; // No file, no answer, or one that is not OpenCode's.
  }
};
