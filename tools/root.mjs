import { dirname, join } from 'node:path';

/** Directory of package.json. */
export const root = dirname(import.meta.dirname);

/** What npm's scripts start. */
export const bootstrap = join(root, 'host-agent', 'launcher', 'bootstrap.mjs');
