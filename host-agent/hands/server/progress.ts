import type { ProgressToken, ServerNotification } from '@modelcontextprotocol/sdk/types.js';
import type { Cancel, Clock } from '../../../shared/clock.ts';

/** OpenCode gives up a call of MCP after 60 s without a sign of life (opencode §9), and a busy machine delays some. */
export const progressMs = 10_000;

/** Says again and again that a call still runs, where its caller wants to know. The result ends that. */
export const keepSaying = (
  token: ProgressToken | undefined,
  send: (notification: ServerNotification) => Promise<void>,
  clock: Clock,
): Cancel => {
  if (token === undefined) return () => undefined;
  const begunMs = clock.steadyMs();
  return clock.every(progressMs, () => {
    const progress = Math.round((clock.steadyMs() - begunMs) / 1000);
    const params = { progressToken: token, progress, message: `It has run for ${progress} s.` };
    send({ method: 'notifications/progress', params }).catch(() => undefined); // Who is gone does not wait.
  });
};
