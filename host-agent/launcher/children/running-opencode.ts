import { randomUUID } from 'node:crypto';
import { type Clock, rest } from '../../../shared/clock.ts';
import type { Settings } from '../../config/settings.ts';
import { basicAuthorization, openCodeUser } from '../../opencode/api/authorization.ts';
import { announce, announceFailure, type OpenCodeAddress } from '../../opencode/api/server-file.ts';
import type { Log } from '../../process/log.ts';

/** Time for a running OpenCode to answer once. */
const answerMs = 3_000;
/** A look is one small request. */
const lookMs = 2_000;
/** One that answered before may be restarting: messages wait this long for it before they fail. */
const restartMs = 10_000;

export interface RunningOpenCode {
  settings: Settings;
  /** Value of OPENCODE_BASE_URL. */
  baseUrl: string;
  clock: Clock;
  log: Log;
  /** Called when it begins to fail, with why, and with undefined when it answers again. */
  tell(away: string | undefined): void;
  stop: AbortSignal;
}

/**
 * Tells the host-agent the address of the OpenCode of OPENCODE_BASE_URL, and checks until `stop` aborts whether it
 * answers. Resolves after the first check: undefined when it answers, else why not. Since we cannot see its process,
 * each start of ours and each time it comes back counts as a new process, so that questions of an earlier one are not
 * answered twice.
 */
export const useRunningOpenCode = async (running: RunningOpenCode): Promise<string | undefined> => {
  const server = addressOf(running);
  const first = await reasonItDoesNotAnswer(server);
  await say(running, server, first);
  void watch(running, server, first);
  return first;
};

const watch = async (running: RunningOpenCode, server: OpenCodeAddress, first: string | undefined): Promise<void> => {
  let said = first;
  const { clock } = running;
  let answeredAt = clock.steadyMs();
  for (;;) {
    await rest(clock, lookMs, running.stop);
    if (running.stop.aborted) return;
    const reason = await reasonItDoesNotAnswer(server);
    if (reason === undefined) answeredAt = clock.steadyMs();
    if (reason === said || (reason !== undefined && clock.steadyMs() - answeredAt < restartMs)) continue;
    try {
      await say(running, server, reason);
      if ((reason === undefined) !== (said === undefined)) running.tell(reason);
      said = reason;
    } catch (error) {
      running.log.error('opencode.not_announced', { error }); // The next look tries again.
    }
  }
};

const say = (
  { settings, clock }: RunningOpenCode,
  server: OpenCodeAddress,
  reason: string | undefined,
): Promise<void> => {
  const path = settings.files.openCodeServer;
  if (reason === undefined) return announce(path, { ...server, instance: randomUUID(), startedAt: clock.now() });
  return announceFailure(
    path,
    `${reason} at ${server.url} (OPENCODE_BASE_URL). Start OpenCode there, or correct OPENCODE_BASE_URL, ` +
      'then send the message again: OpenCode is looked for all the time.',
  );
};

const addressOf = ({ settings, baseUrl, clock }: RunningOpenCode): OpenCodeAddress => {
  const url = new URL(baseUrl);
  const username = decodeURIComponent(url.username) || settings.environment.OPENCODE_SERVER_USERNAME || openCodeUser;
  const password = decodeURIComponent(url.password) || settings.environment.OPENCODE_SERVER_PASSWORD || '';
  url.username = '';
  url.password = '';
  const plainUrl = url.href.replace(/\/$/, '');
  return { url: plainUrl, username, password, instance: randomUUID(), pid: null, startedAt: clock.now() };
};

const reasonItDoesNotAnswer = async (server: OpenCodeAddress): Promise<string | undefined> => {
  try {
    const headers = server.password ? { authorization: basicAuthorization(server) } : undefined;
    const response = await fetch(`${server.url}/global/health`, { headers, signal: AbortSignal.timeout(answerMs) });
    await response.text();
    if (response.ok) return undefined;
    return response.status === 401 ? 'our password is not accepted' : `OpenCode answers ${response.status}`;
  } catch {
    return 'nothing answers'; // Why the connection failed adds nothing that a person could use.
  }
};
