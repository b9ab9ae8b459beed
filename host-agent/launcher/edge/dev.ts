import { join } from 'node:path';
import { writePrivateFile } from '../../process/private-file.ts';
import type { StartWithEdge } from '../state/start.ts';
import type { EdgeProcess } from './edge.ts';
import { edgeVars, readWorkerFacts } from './files.ts';

/**
 * A configuration for `wrangler dev` in the state directory: the Worker's sources with this start's variables, which
 * belong neither into the repository nor on a command line. (A .env file would expand the `$` of password hashes.)
 */
export const writeDevEdgeFiles = async (root: string, start: StartWithEdge): Promise<string> => {
  const config = join(start.settings.files.edge, 'wrangler.json');
  const built = join(root, 'dist', 'worker');
  const facts = {
    ...readWorkerFacts(built),
    main: join(root, 'worker', 'index.ts'),
    assets: { directory: join(built, 'assets') },
  };
  await writePrivateFile(config, JSON.stringify({ ...facts, vars: edgeVars(start, 'dev') }, null, 2));
  return config;
};

/** `wrangler dev` without its wrapper process; it starts others, which end with it in a PID namespace. */
export const wranglerDevProcess = (root: string, config: string, start: StartWithEdge): EdgeProcess => {
  const { settings, means, port } = start;
  const options = {
    config,
    ip: settings.host,
    port: String(port),
    'inspector-port': '0',
    'persist-to': settings.files.edge,
    'show-interactive-dev-session': 'false',
  };
  return {
    command: process.execPath,
    args: [
      '--no-warnings',
      join(root, 'node_modules', 'wrangler', 'wrangler-dist', 'cli.js'),
      'dev',
      ...Object.entries(options).map(([name, value]) => `--${name}=${value}`),
    ],
    env: { HOME: settings.files.edge, WRANGLER_SEND_METRICS: 'false', CI: '1' },
    means,
  };
};
