/** `openagent enroll`: makes this machine a server of an edge elsewhere, or gives it a new credential there. */

import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type * as z from 'zod';
import manifest from '../../package.json' with { type: 'json' };
import { systemClock } from '../../shared/clock.ts';
import { type enrolBody, enrolResponse } from '../../shared/enrolment.ts';
import { protocolVersion } from '../../shared/limits.ts';
import { isOpenOnTheWay } from '../../shared/loopback.ts';
import { dataOf, type EdgeHealth, edgeClient, edgeHealth, NoAnswer } from '../cli/edge-api.ts';
import { edgeUrl } from '../cli/edge-url.ts';
import { hiddenInput } from '../cli/hidden-input.ts';
import { readSettings } from '../config/settings.ts';
import { StartError } from '../config/start-error.ts';
import type { StateFiles } from '../config/state-files.ts';
import { say } from '../launcher/say.ts';
import { type HostFile, readEnrolment, writeEnrolment } from '../launcher/state/enrolment.ts';
import { takeLock } from '../launcher/state/lock.ts';
import { type Attempt, attemptFor, forgetAttempt } from './attempt.ts';
import { isAccepted } from './credential.ts';

/**
 * Clocks this far apart confuse people who read logs, and fail TLS and login tokens; nothing of ours depends on them.
 */
const clockWarningMs = 2 * 60_000;

export interface Enrolling {
  url: string;
  /** Asked for where it is not given. */
  code?: string;
  /** What the edge calls this server where its admin gave no name; else the host name. */
  name?: string;
  /** Gives up an enrolment at another edge. */
  replace?: boolean;
}

/** Throws StartError, having changed nothing; NoAnswer when the same command should be given again. */
export const enroll = async (enrolling: Enrolling, environment: NodeJS.ProcessEnv): Promise<void> => {
  const { code: given, name = hostname(), replace = false } = enrolling;
  const url = edgeUrl(enrolling.url);
  const { files } = readSettings(environment);
  const known = await readEnrolment(files.host);
  const isHere = known?.elsewhere === true && known.url === url;
  if (known && !isHere && !replace) throw new StartError(elsewhereText(known));
  if (isOpenOnTheWay(url)) warn(`${url} has no TLS: the code and the credential can be read on the way.`);

  const health = await edgeHealth(url);
  checkVersion(url, health);
  warnOfClock(health);
  const code = given ?? (await hiddenInput('Code: '));
  if (code.trim() === '') throw new StartError('No code was given: `openagent hosts add` makes one.');
  const codeSha256 = createHash('sha256').update(code).digest('hex');
  if (isHere && known.codeSha256 === codeSha256 && (await isAccepted(known))) {
    await forgetAttempt(files);
    say(`This machine was enrolled at ${url} with this code already, and stays so. Start it with: openagent agent`);
    return;
  }
  // Its launcher would go on with what this command replaces.
  if (known && !known.elsewhere) (await takeLock(files, systemClock)).close();
  const proof = isHere && !replace ? { host: { id: known.id, credential: known.credential } } : {};
  const body = { code, name, version: manifest.version, protocol: protocolVersion, ...proof };
  const host = await enrolAt(url, body, await attemptFor(files, { url, codeSha256 }), files);
  await writeEnrolment(files.host, { ...host, url, elsewhere: true, codeSha256 });
  await forgetAttempt(files);
  say(`This machine is enrolled at ${url} as "${host.name}". Start it with: openagent agent`);
  if (isHere) say('A host-agent that runs here goes on with the new credential by itself.');
};

const enrolAt = async (
  url: string,
  enrolling: Omit<z.input<typeof enrolBody>, 'attempt'>,
  attempt: Attempt,
  files: StateFiles,
): Promise<Pick<HostFile, 'id' | 'name' | 'credential' | 'epoch' | 'workspaceId'>> => {
  try {
    const body = { ...enrolling, attempt: attempt.secret };
    const answer = await dataOf(url, enrolResponse, edgeClient(url).POST('/api/hosts/enrol', { body }));
    const { workspace_id: workspaceId, ...rest } = answer;
    return { ...rest, workspaceId };
  } catch (error) {
    if (error instanceof NoAnswer) {
      throw new NoAnswer(`${error.message}\nGive the same command again: the code stays good for this machine.`);
    }
    await forgetAttempt(files);
    throw error;
  }
};

const elsewhereText = ({ url, elsewhere }: HostFile): string =>
  `${elsewhere ? `This machine is enrolled at ${url}` : 'This machine has an edge of its own (openagent up)'}, and nothing was changed. ` +
  'With --replace it is given up: missions from there stay where they are and run here no more. ' +
  'Or set another WORKING_DIR for a second server on this machine.';

const checkVersion = (url: string, { version, link_protocol }: EdgeHealth): void => {
  if (link_protocol === protocolVersion) return;
  const older = link_protocol > protocolVersion ? 'Update Open Agent on this machine' : 'Update the edge';
  throw new StartError(
    `The edge at ${url} has version ${version}, which does not fit this machine's ${manifest.version}. ${older}, then enrol. The code was not used.`,
  );
};

const warnOfClock = ({ clockAheadMs }: EdgeHealth): void => {
  if (Math.abs(clockAheadMs) < clockWarningMs) return;
  const minutes = Math.round(Math.abs(clockAheadMs) / 60_000);
  const direction = clockAheadMs > 0 ? 'ahead of' : 'behind';
  warn(`This machine's clock is ${minutes} minutes ${direction} the edge's. Set it: timedatectl set-ntp true`);
};

const warn = (text: string): void => {
  process.stderr.write(`${text}\n`);
};
