import { randomUUID } from 'node:crypto';
import type { Call } from './hands-tool.ts';

/** Reading some files takes milliseconds; a turn goes on without them rather than wait for a disk that hangs. */
const withinMs = 10_000;

export type Answer = Extract<Awaited<ReturnType<Call>>, { kind: 'done' }>;

/**
 * Asks the hands for something that is no tool of models, on behalf of a session. Rejects with why there is no answer.
 */
export const askHands =
  (call: Call, directory: string) =>
  async (name: string, args: object, session: string): Promise<Answer> => {
    const caller = { directory, session, message: 'none', call: randomUUID(), agent: 'none', granted: [] };
    const outcome = await call(name, args, caller, AbortSignal.timeout(withinMs));
    if (outcome.kind === 'done') return outcome;
    throw new Error(outcome.kind === 'failed' ? outcome.text : 'it asks for a permission');
  };

export type AskHands = ReturnType<typeof askHands>;

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
