/**
 * `openagent update`: this server to the version of its edge, by the edge's own installer
 * (worker/install/install.sh.txt).
 */
import * as z from 'zod';
import { readSettings } from '../config/settings.ts';
import { StartError } from '../config/start-error.ts';
import { packageRoot } from '../launcher/package-root.ts';
import { say } from '../launcher/say.ts';
import { readHostFile } from '../link/host-file.ts';
import { runProgram } from '../process/child.ts';

/** A small file, over the link's own network. */
const answerMs = 15_000;

/** Where the installer puts a package: by its version and the beginning of its sha-256. */
const installed = /^\/opt\/open-agent\/([^/]+)-([0-9a-f]{8})\//;

const offer = z.object({ version: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/**
 * Installs the edge's version beside this one and restarts the host-agent, which interrupts no turn. Throws StartError
 * with what to do when that does not succeed; everything is as before then.
 */
export const update = async (environment: NodeJS.ProcessEnv): Promise<void> => {
  const { url } = readHostFile(readSettings(environment).files.host);
  const place = installed.exec(packageRoot());
  if (!place) {
    throw new StartError(
      `This Open Agent was not installed by its edge (it is in ${packageRoot()}). Update it the way it was installed.`,
    );
  }
  const [, version, sha256 = ''] = place;
  const offered = offer.parse(JSON.parse(await get(`${url}/api/agent/package.json`)));
  if (offered.sha256.startsWith(sha256)) {
    say(`Open Agent ${version} is what ${url} serves: nothing to update.`);
    return;
  }
  say(`Updating Open Agent from ${version} to ${offered.version} …`);
  const input = await get(`${url}/install.sh`);
  const { code } = await runProgram({
    command: ['sh', '-s', '--', '--update'],
    env: process.env,
    input,
    output: 'ours',
  });
  if (code !== 0) throw new StartError('The update did not succeed; why is said above.');
};

const get = async (url: string): Promise<string> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(answerMs) });
    if (response.ok) return await response.text();
    throw new Error(`it answers ${response.status}`);
  } catch (error) {
    const reason =
      error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : error;
    throw new StartError(`${url} can't be fetched (${reason}). Is the edge running?`);
  }
};
