import { app } from './app.ts';

export { Host } from './host/object.ts';
export { Relay } from './relay/object.ts';

export default { fetch: app.fetch };
