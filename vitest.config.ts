import './test/support/calibrated.ts';
import { createRequire } from 'node:module';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import * as z from 'zod';
import { plantedInSuites } from './test/planted/plant.ts';
import { passwordOf } from './test/support/passwords.ts';
import { layerMs, patience } from './test/support/patience.ts';

// The plugin brings a workerd of its own that is older than the compatibility date in wrangler.toml, and workerd
// refuses dates past its release. Its miniflare takes another binary from here: the one this project pins and ships.
const workerd = z.object({ default: z.string() }).parse(createRequire(import.meta.url)('workerd'));
process.env.MINIFLARE_WORKERD_PATH ??= workerd.default;

type Layer = keyof typeof layerMs;

/** What every layer has in common: its limits, and what is done before each of its files. */
const layer = (name: Layer) => ({
  name,
  include: [`test/${name}/**/*.test.ts`],
  testTimeout: layerMs[name],
  hookTimeout: layerMs[name],
  teardownTimeout: layerMs[name],
  expect: { poll: patience },
  setupFiles: ['test/support/setup.ts'],
});

/** Bugs that test/planted wants a case to see. */
const planted = plantedInSuites(import.meta.dirname, process.env.PLANTED_BUGS);

const nodeProject = (name: Layer, more: object = {}) => ({
  plugins: planted,
  test: { ...layer(name), environment: 'node' as const, ...more },
});

/** What the objects of the edge tests are configured with; the Worker's own variables are chosen by each test. */
const objectVariables = {
  TEST_SLOWNESS: process.env.TEST_SLOWNESS ?? '',
  EDGE: 'embedded',
  JWT_SECRET: 'a secret of these tests',
  OPEN_AGENT_USERS: JSON.stringify(
    ['default', 'ada', 'bob', 'alice', 'mallory'].map((username) => ({ username, password: passwordOf(username) })),
  ),
};

export default defineConfig({
  test: {
    // Logs of our own programs are shown where they explain a failure.
    silent: 'passed-only',
    // Each file has processes, directories and ports of its own; two at once keep two cores busy while one waits for an
    // event.
    maxWorkers: 2,
    projects: [
      nodeProject('pure'),
      nodeProject('host'),
      nodeProject('protocol'),
      nodeProject('e2e'),
      nodeProject('chaos'),
      nodeProject('planted'),
      nodeProject('faults'),
      nodeProject('thief'),
      nodeProject('install', { fileParallelism: false }),
      nodeProject('fuzz'),
      nodeProject('soak'),
      nodeProject('conformance'),
      {
        plugins: [
          ...planted,
          cloudflareTest({
            main: './test/edge/worker.ts',
            wrangler: { configPath: './wrangler.toml' },
            miniflare: { bindings: objectVariables, r2Buckets: ['ARCHIVE'] },
          }),
        ],
        test: { ...layer('edge'), setupFiles: [...layer('edge').setupFiles, 'test/edge/plans-setup.ts'] },
      },
    ],
  },
});
