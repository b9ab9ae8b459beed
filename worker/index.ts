import { systemClock } from '../shared/clock.ts';
import { app } from './app.ts';
import { Attempts } from './attempts.ts';
import type { Bindings } from './env.ts';
import { Reading } from './reading.ts';

export { Account } from './account/object.ts';
export { Host } from './host/object.ts';
export { Relay } from './relay/object.ts';

const attempts = new Attempts();
const reading = new Reading();

export default {
  fetch: (request: Request, bindings: Bindings, context: ExecutionContext): Response | Promise<Response> =>
    app.fetch(
      request,
      { ...bindings, clock: systemClock, attempts, reading, later: (work) => context.waitUntil(work) },
      context,
    ),
};
