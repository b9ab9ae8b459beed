/**
 * Every variable of ours, in the order of the table. Apart from what is known of each (variables.ts), so that a start
 * can compare the environment with that of the last one before it loads anything that checks it.
 */
export const variableNames = [
  'PORT',
  'HOST',
  'WORKING_DIR',
  'DASHBOARD_PASSWORD',
  'OPEN_AGENT_USERS',
  'JWT_SECRET',
  'JWT_TTL_DAYS',
  'DEV_MODE',
  'DEFAULT_MODEL',
  'AGENT_USER',
  'AGENT_HOME',
  'OPENCODE_AGENT',
  'OPENCODE_PERMISSIVE',
  'OPENCODE_BASE_URL',
  'OPENCODE_CONFIG_CONTENT',
  'MAX_ITERATIONS',
  'MAX_PARALLEL_MISSIONS',
  'STOP_AFTER_REPEATS',
  'STALE_MISSION_HOURS',
  'TRASH_DAYS',
  'TRUST_PROXY',
] as const;

export type VariableName = (typeof variableNames)[number];
