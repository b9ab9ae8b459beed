import * as z from 'zod';
import { call } from './call.ts';

const bytes = z.number().int().nonnegative();
const percent = z.number().min(0).max(100);

/** What a server did in one second (contract §7.3); percentages from 0 to 100, `timestamp_ms` by the server's clock. */
export const sample = z.object({
  cpu_percent: percent,
  cpu_cores: z.array(percent),
  memory_used: bytes,
  memory_total: bytes,
  memory_percent: percent,
  network_rx_bytes_per_sec: bytes,
  network_tx_bytes_per_sec: bytes,
  timestamp_ms: z.number().int(),
});
export type Sample = z.infer<typeof sample>;

/**
 * The last sample that somebody has seen. Numbers, because clocks jump; of one collector, because its process may be
 * another.
 */
const position = z.object({ collector: z.string().max(64), n: z.number().int().nonnegative() });
export type SamplePosition = z.infer<typeof position>;

export const systemCalls = {
  /** The samples after a position, or all that are kept: one per second, oldest first. */
  samples: call({
    method: 'system.samples',
    does: 'read',
    on: 'server',
    who: 'resident',
    args: z.object({ after: position.nullable() }),
    reply: z.object({ at: position, samples: z.array(sample).max(1_000) }),
  }),
};
