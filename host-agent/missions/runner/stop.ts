import type { Clock } from '../../../shared/clock.ts';
import { abortGraceMs } from '../../../shared/limits.ts';
import type { Client } from '../../opencode/api/client.ts';
import { OpenCodeAway } from '../../opencode/api/failure.ts';
import type { Log } from '../../process/log.ts';
import { rejectAsks } from '../asks/reject.ts';

/** Between two looks at a session that is being stopped. */
const lookMs = 100;

export interface Stopping {
  client: Pick<
    Client,
    | 'status'
    | 'abort'
    | 'disposeInstance'
    | 'failure'
    | 'permissions'
    | 'questions'
    | 'replyPermission'
    | 'rejectQuestion'
  >;
  clock: Clock;
  log: Log;
  directory: string;
  session: string;
  /** The session and its sub-agents'. */
  sessions(): string[];
  /** True when OpenCode's stored state shows the end, or nothing more can come. */
  isSettled(): boolean;
  /** True when this process goes, so that the next one stops the session, or when what ran is gone by itself. */
  isGivenUp(): boolean;
  /** Resolves after `ms`, or earlier when something was heard. */
  wait(ms: number): Promise<void>;
}

/**
 * Stops what runs in a session: rejects open asks first (else a sub-agent's parent makes one more model call,
 * opencode §8.6), aborts, confirms. Still busy after abortGraceMs of an OpenCode that answers: the directory's instance
 * is disposed. Resolves when nothing runs any more; never rejects for an OpenCode that is away, which is waited for
 * unless it can't be started, since the end of what it has stored would else be lost.
 */
export const stopSession = async (stopping: Stopping): Promise<void> => {
  const { client, clock, log, directory, session } = stopping;
  let until = clock.steadyMs() + abortGraceMs;
  for (let isFirst = true; ; isFirst = false) {
    const isOver = clock.steadyMs() >= until;
    try {
      const { type: status } = await client.status(directory, session);
      if (status === 'idle' && !isFirst && stopping.isSettled()) return;
      if (isOver) {
        if (status !== 'idle') {
          log.warn('turn.disposed', { session, directory });
          await client.disposeInstance(directory);
        }
        return;
      }
      if (status !== 'idle' || isFirst) {
        await rejectAsks(client, directory, stopping.sessions());
        await client.abort(session);
      }
    } catch (error) {
      if (!(error instanceof OpenCodeAway)) throw error;
      // What it has stored comes when it is started again, or never, where it can't be.
      if (client.failure() !== null) return;
      until = clock.steadyMs() + abortGraceMs;
    }
    await stopping.wait(lookMs);
    if (stopping.isGivenUp()) return;
  }
};

/** Aborts what must not go on unseen. Never rejects: where it fails, OpenCode is away or has nothing to abort. */
export const abortIfPossible = async (client: Pick<Client, 'abort'>, session: string, log: Log): Promise<void> => {
  try {
    await client.abort(session);
  } catch (error) {
    log.warn('turn.abort_failed', { error });
  }
};
