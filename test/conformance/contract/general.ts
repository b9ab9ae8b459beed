// Health, login, figures, the legacy lists and workspaces (contract §2.1, §2.3).
import * as z from 'zod';
import { count, int, ours, ts, uuid } from './scalars.ts';

export const health = z.strictObject({
  status: z.literal('ok'),
  version: z.string().min(1),
  dev_mode: z.boolean(),
  auth_required: z.boolean(),
  auth_mode: z.enum(['disabled', 'single_tenant', 'multi_user']),
  max_iterations: z.int().positive(),
  ...ours({ link_protocol: int, time: ts }),
});

export const login = z.strictObject({ token: z.string().min(1), exp: int });

export const stats = z.strictObject({
  total_tasks: count,
  active_tasks: count,
  completed_tasks: count,
  failed_tasks: count,
  total_cost_cents: count,
  success_rate: z.number().min(0).max(1),
});

export const task = z.strictObject({
  id: uuid,
  status: z.enum(['pending', 'running', 'completed', 'failed', 'cancelled']),
  task: z.string(),
  model: z.string(),
  iterations: int,
  result: z.string().nullable(),
  log: z.array(z.strictObject({ timestamp: z.string(), entry_type: z.string(), content: z.string() })),
});

export const runs = z.strictObject({
  runs: z.array(
    z.strictObject({
      id: z.string(),
      created_at: ts,
      status: z.string(),
      input_text: z.string(),
      final_output: z.string().nullable(),
      total_cost_cents: int,
      summary_text: z.string().nullable(),
    }),
  ),
  limit: count,
  offset: count,
});

const strings = z.array(z.string());
export const workspace = z.strictObject({
  id: uuid,
  name: z.string().min(1),
  workspace_type: z.enum(['host', 'chroot']),
  path: z.string(),
  status: z.enum(['pending', 'building', 'ready', 'error']),
  error_message: z.string().nullable(),
  created_at: ts,
  skills: strings,
  tools: strings,
  plugins: strings,
  template: z.string().nullable(),
  distro: z.string().nullable(),
  init_script: z.string().nullable(),
  env_vars: z.record(z.string(), z.string()),
});

/** A sample of the monitoring socket (§7.3). */
export const monitoringSample = z.strictObject({
  cpu_percent: z.number().min(0).max(100),
  cpu_cores: z.array(z.number().min(0).max(100)).min(1),
  memory_used: z.int().positive(),
  memory_total: z.int().positive(),
  memory_percent: z.number().min(0).max(100),
  network_rx_bytes_per_sec: count,
  network_tx_bytes_per_sec: count,
  timestamp_ms: z.int().positive(),
});
