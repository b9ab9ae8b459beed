import { systemClock } from '../shared/clock.ts';
import { app } from './app.ts';
import type { Bindings } from './env.ts';

export { Account } from './account/object.ts';
export { Host } from './host/object.ts';
export { Relay } from './relay/object.ts';

export default {
  fetch: (request: Request, bindings: Bindings, context: ExecutionContext): Response | Promise<Response> =>
    app.fetch(request, { ...bindings, clock: systemClock }, context),
};
