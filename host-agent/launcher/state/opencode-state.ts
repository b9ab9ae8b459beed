/**
 * `openagent opencode --state`: whether the OpenCode that runs, and the hands beside it, are those that are installed,
 * for whoever updates this server.
 */
import { dirname } from 'node:path';
import * as z from 'zod';
import { readSettings } from '../../config/settings.ts';
import { basicAuthorization } from '../../opencode/api/authorization.ts';
import { readServerFile } from '../../opencode/api/server-file.ts';
import { openCodeFolders } from '../../opencode/config/folders.ts';
import { openCodeBinary } from '../../opencode/process/binary.ts';
import { readStartFacts } from '../../opencode/process/start-facts.ts';
import { countLiveTurns } from '../../store/live-turns.ts';
import { pluginBeside } from '../plugin-file.ts';

/**
 * `same`: nothing to do, `idle`: others (or none) run and no turn would notice a restart, `busy`: others run and have
 * turns.
 */
export type OpenCodeState = 'same' | 'idle' | 'busy';

/** Time for a running OpenCode to say its version. */
const answerMs = 3_000;

const health = z.object({ version: z.string() });

/** Looks at this server's state directory and OpenCode; changes nothing. `script` is the program that is installed. */
export const openCodeState = async (environment: NodeJS.ProcessEnv, script: string): Promise<OpenCodeState> => {
  const { files, openCodeBaseUrl } = readSettings(environment);
  // A person's own OpenCode is not ours to restart.
  if (openCodeBaseUrl) return 'same';
  const { startFacts } = openCodeFolders(dirname(files.openCodeServer));
  const isOfThisPackage = readStartFacts(startFacts).plugin === pluginBeside(script);
  if (isOfThisPackage && (await runningVersion(files.openCodeServer)) === openCodeBinary().version) return 'same';
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
