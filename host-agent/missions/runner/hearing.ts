import type { Frame, OpenCodeError } from '../../opencode/api/events.ts';
import type { RetryPause } from './retry-said.ts';

/** What a frame says about the turn besides its content. `look`: the turn may be over, its state has to be asked. */
export interface Heard {
  state?: 'running' | 'retrying';
  look?: boolean;
  error?: OpenCodeError;
  retry?: RetryPause;
}

/** Idle comes early, twice or never (opencode §1), so it is a reason to look and nothing more. */
export const hear = (frame: Frame, root: string): Heard => {
  const isRoot = frame.session === root;
  switch (frame.kind) {
    case 'delta':
    case 'todos':
      return {};
    case 'durable': {
      if (frame.fact.kind !== 'message') return {};
      const { message } = frame.fact;
      if (message.role === 'user') return isRoot ? { state: 'running' } : {};
      return { look: message.time.completed !== undefined };
    }
    case 'status':
      return frame.status === 'idle' ? { look: true } : isRoot ? { state: 'running' } : {};
    case 'retry':
      return { state: 'retrying', retry: frame };
    case 'error':
      return isRoot ? { error: frame.error, look: true } : {};
    case 'asked':
    case 'replied':
      return {}; // Asking hears of these itself.
  }
};

/**
 * True when the frame shows that the agent or its model did something. Our own marks come back as session updates and
 * must not count.
 */
export const isSignOfLife = (frame: Frame): boolean => frame.kind !== 'durable' || frame.fact.kind !== 'session';
