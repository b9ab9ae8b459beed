import { protocolVersion } from '../../shared/limits.ts';

/**
 * The `hello` of a played host that dials for the first time and has nothing open. `more` takes the place of its
 * fields.
 */
export const firstHello = (run: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  type: 'hello',
  version: protocolVersion,
  agent_version: 'test',
  epoch: 1,
  run,
  welcomed_run: null,
  segment: null,
  seq: 0,
  acked: null,
  runs: [],
  commands: [],
  turns: [],
  sessions: [],
  at: { run, n: 0 },
  capabilities: { agents: null, working_dir: '/root' },
  clock: 0,
  ...more,
});
