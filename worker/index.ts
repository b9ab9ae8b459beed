import { app } from './app.ts';

export { Host } from './host/object.ts';

export default { fetch: app.fetch };
