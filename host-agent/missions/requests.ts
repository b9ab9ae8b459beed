import type { Client } from '../opencode/client.ts';
import { OpenCodeRefused } from '../opencode/failure.ts';
import type { Log } from '../process/log.ts';

/** What an agent is told that asks although nobody can answer: it goes on without. */
const nobody = 'Nobody can answer permission requests here. Continue without this, or say what you would need.';

/**
 * Rejects every pending permission and question of `sessions`: they have no time-out, and a waiting sub-agent would hang its
 * parent for ever (facts §1). `goOn` lets the agent continue; before an abort it must not. Throws as Client does.
 */
export const rejectRequests = async (
  client: Client,
  directory: string,
  sessions: readonly string[],
  { goOn }: { goOn: boolean },
): Promise<void> => {
  const [permissions, questions] = await Promise.all([client.permissions(directory), client.questions(directory)]);
  const ours = (request: { sessionID: string }): boolean => sessions.includes(request.sessionID);
  for (const { id } of permissions.filter(ours)) {
    await unlessAnswered(() => client.rejectPermission(directory, id, goOn ? nobody : undefined));
  }
  for (const { id } of questions.filter(ours)) await unlessAnswered(() => client.rejectQuestion(directory, id));
};

/** Nobody can answer them, and they would wait for ever; the agent goes on without. Never rejects. */
export const refuseRequests = async (
  client: Client,
  directory: string,
  sessions: readonly string[],
  log: Log,
): Promise<void> => {
  try {
    await rejectRequests(client, directory, sessions, { goOn: true });
  } catch (error) {
    log.warn('turn.requests_failed', { error });
  }
};

/** Rejecting one request also rejects the others of its session, which are unknown from then on. */
const unlessAnswered = async (reject: () => Promise<unknown>): Promise<void> => {
  try {
    await reject();
  } catch (error) {
    if (!(error instanceof OpenCodeRefused && error.status === 404)) throw error;
  }
};
