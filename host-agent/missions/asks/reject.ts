import type { Client } from '../../opencode/api/client.ts';
import { OpenCodeRefused } from '../../opencode/api/failure.ts';

/**
 * Rejects every open permission and question of `sessions` before an abort: a waiting sub-agent's parent would else
 * make one more model call (opencode §8.6). Throws as Client does.
 */
export const rejectAsks = async (
  client: Pick<Client, 'permissions' | 'questions' | 'replyPermission' | 'rejectQuestion'>,
  directory: string,
  sessions: readonly string[],
): Promise<void> => {
  const [permissions, questions] = await Promise.all([client.permissions(directory), client.questions(directory)]);
  const ours = (request: { sessionID: string }): boolean => sessions.includes(request.sessionID);
  for (const { id } of permissions.filter(ours)) {
    await unlessAnswered(() => client.replyPermission(directory, id, 'reject'));
  }
  for (const { id } of questions.filter(ours)) await unlessAnswered(() => client.rejectQuestion(directory, id));
};

/** Rejecting one ask also rejects the others of its session, which are unknown from then on. */
export const unlessAnswered = async (reply: () => Promise<unknown>): Promise<void> => {
  try {
    await reply();
  } catch (error) {
    if (!(error instanceof OpenCodeRefused && error.status === 404)) throw error;
  }
};
