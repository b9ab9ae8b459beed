import { createRequire } from 'node:module';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { z } from 'zod';

// The plugin brings a workerd of its own that is older than the compatibility date in wrangler.toml, and workerd refuses
// dates past its release. Its miniflare takes another binary from here: the one this project pins and ships.
const workerd = z.object({ default: z.string() }).parse(createRequire(import.meta.url)('workerd'));
process.env.MINIFLARE_WORKERD_PATH ??= workerd.default;

/** Real processes, real OpenCode: a whole mission may take this long on a busy machine. */
const e2eTimeoutMs = 120_000;
/** A few turns of a system that runs already. */
const turnsTimeoutMs = 60_000;
/** The same, with processes killed and started again; a case waits for events and is done much sooner. */
const faultsTimeoutMs = 120_000;
/** A machine that is made, booted and set up over the network. */
const installTimeoutMs = 240_000;
const hostTimeoutMs = 30_000;
/** Milliseconds of work, with room for a machine that runs everything at once. */
const edgeTimeoutMs = 20_000;

const nodeProject = (name: string, more: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], environment: 'node', ...more },
});

const readsTheRouter = { assetsInclude: ['**/*.sql', '**/*.txt'] };

/** What the objects of the edge tests are configured with; the Worker's own variables are chosen by each test. */
const objectVariables = {
  EDGE: 'embedded',
  JWT_SECRET: 'a secret of these tests',
  OPEN_AGENT_USERS: JSON.stringify(
    ['default', 'ada', 'bob', 'alice', 'mallory'].map((username) => ({ username, password: 'x' })),
  ),
};

export default defineConfig({
  test: {
    // Logs of our own programs are shown where they explain a failure.
    silent: 'passed-only',
    // Each file has processes, directories and ports of its own; two at once keep two cores busy while one waits for an event.
    maxWorkers: 2,
    projects: [
      nodeProject('pure'),
      nodeProject('host', { testTimeout: hostTimeoutMs, hookTimeout: hostTimeoutMs }),
      nodeProject('protocol', { testTimeout: hostTimeoutMs, hookTimeout: hostTimeoutMs }),
      nodeProject('e2e', { testTimeout: e2eTimeoutMs, hookTimeout: e2eTimeoutMs }),
      nodeProject('chaos', { testTimeout: faultsTimeoutMs }),
      nodeProject('planted', { testTimeout: faultsTimeoutMs, hookTimeout: faultsTimeoutMs }),
      nodeProject('faults', { testTimeout: faultsTimeoutMs, hookTimeout: faultsTimeoutMs }),
      nodeProject('install', { fileParallelism: false, testTimeout: installTimeoutMs, hookTimeout: installTimeoutMs }),
      // The routes are read from the Worker's router; its migrations, bundled as text there, are of no use here.
      { ...readsTheRouter, ...nodeProject('fuzz') },
      {
        ...readsTheRouter,
        ...nodeProject('conformance', {
          testTimeout: turnsTimeoutMs,
          hookTimeout: e2eTimeoutMs,
        }),
      },
      {
        plugins: [
          cloudflareTest({ wrangler: { configPath: './wrangler.toml' }, miniflare: { bindings: objectVariables } }),
        ],
        test: { name: 'edge', include: ['test/edge/**/*.test.ts'], testTimeout: edgeTimeoutMs },
      },
    ],
  },
});
