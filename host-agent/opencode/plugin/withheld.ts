/**
 * Permissions of OpenCode's own tools that act on files, programs and the network; ours have the same names. `edit`
 * covers `write` and `apply_patch` (opencode §10.3).
 */
const acting = ['bash', 'read', 'edit', 'glob', 'grep', 'list', 'webfetch'] as const;

/**
 * Each as a pattern that fits nothing else and that no person writes: so that what is taken away again is ours alone,
 * and a deny of a person stays.
 */
const markers: readonly string[] = acting.map((name) => `${name.slice(0, -1)}?`);

/**
 * Rules that leave an agent without any of these tools, for the configuration that OpenCode is started with: its own
 * would run as OpenCode itself. Only our plug-in takes them away, when it has put our tools in their place.
 */
export const withheld: Readonly<Record<string, 'deny'>> = Object.fromEntries(markers.map((each) => [each, 'deny']));

/** The contract's names of our tools (§8.10), which only those agents have whose rules allow them. */
const aliases = { 'workspace_*': 'deny' };

/** What goes with bash, for `explore`: it has bash, and else only what its rules name. */
const withBash = { bash_output: 'allow', bash_kill: 'allow' };

/**
 * Changes a configuration that OpenCode has merged, in place: what `withheld` has put there goes, and our own names get
 * their rules: behind `*`, and in front of what a person says of them.
 */
export const giveBack = (config: unknown): void => {
  const permission = rulesIn(config);
  for (const marker of markers) delete permission[marker];
  const rules = Object.entries(permission);
  for (const name of Object.keys(permission)) delete permission[name];
  // Their order is what decides (opencode §10.8).
  const behindAll = rules.findIndex(([name]) => name === '*') + 1;
  Object.assign(permission, Object.fromEntries(rules.slice(0, behindAll)), aliases);
  Object.assign(permission, Object.fromEntries(rules.slice(behindAll)));

  const explore = rulesIn(under(under(config, 'agent'), 'explore'));
  Object.assign(explore, { ...withBash, ...explore });
};

/** The rules of a configuration, or of an agent in it. A single word for all of them becomes a rule for `*`. */
const rulesIn = (config: unknown): Record<string, unknown> => {
  if (isRecord(config) && typeof config.permission === 'string') config.permission = { '*': config.permission };
  return under(config, 'permission');
};

/** The object of this name in `parent`, put there if need be. */
const under = (parent: unknown, name: string): Record<string, unknown> => {
  if (!isRecord(parent)) return {};
  const present = parent[name];
  if (isRecord(present)) return present;
  const made: Record<string, unknown> = {};
  parent[name] = made;
  return made;
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
