import { systemClock } from '../shared/clock.ts';
import { app } from './app.ts';
import { Attempts } from './attempts.ts';
import type { Bindings } from './env.ts';

export { Account } from './account/object.ts';
export { Host } from './host/object.ts';
export { Relay } from './relay/object.ts';

const attempts = new Attempts();

export default {
  fetch: (request: Request, bindings: Bindings, context: ExecutionContext): Response | Promise<Response> =>
    app.fetch(
      request,
      { ...bindings, clock: systemClock, attempts, later: (work) => context.waitUntil(work) },
      context,
    ),
};
