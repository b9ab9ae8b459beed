import type { OpenCodeError, OpenCodeEvent } from '../../opencode/api/events.ts';
import type { RetryPause } from './retry-said.ts';

/** What an event says about the turn besides its content. `look`: the turn may be over, its state has to be asked. */
export interface Effect {
  state?: 'running' | 'retrying';
  look?: boolean;
  error?: OpenCodeError;
  retry?: RetryPause;
}

/** Idle comes early, twice or never (opencode §1), so it is a reason to look and nothing more. */
export const effectOf = (event: OpenCodeEvent, root: string): Effect => {
  const isRoot = event.session === root;
  switch (event.kind) {
    case 'delta':
    case 'todos':
      return {};
    case 'durable': {
      if (event.fact.kind !== 'message') return {};
      const { message } = event.fact;
      if (message.role === 'user') return isRoot ? { state: 'running' } : {};
      return { look: message.time.completed !== undefined };
    }
    case 'status':
      return event.status === 'idle' ? { look: true } : isRoot ? { state: 'running' } : {};
    case 'retry':
      return { state: 'retrying', retry: event };
    case 'error':
      return isRoot ? { error: event.error, look: true } : {};
    case 'asked':
    case 'replied':
      return {}; // Asks hears of these itself.
  }
};

/**
 * True when the event shows that the agent or its model did something. Our own marks come back as session updates and
 * must not count.
 */
export const isSignOfLife = (event: OpenCodeEvent): boolean =>
  event.kind !== 'durable' || event.fact.kind !== 'session';
