import { join } from 'node:path';
import * as z from 'zod';
import { writePrivateFile } from '../../process/private-file.ts';

const Provider = z.looseObject({
  npm: z.string().optional(),
  models: z.unknown().optional(),
  options: z.record(z.string(), z.unknown()).optional(),
});
const Config = z.looseObject({
  provider: z.record(z.string(), Provider).optional(),
  enabled_providers: z.array(z.string()).optional(),
});
type Config = z.infer<typeof Config>;

export interface GivenConfig {
  /** The config without literal keys: each `apiKey` is `{file:…}` of a private file. */
  config: Config;
  /** File name → key, for the folder of provider keys. */
  keys: Record<string, string>;
  /** Keys and other values under a name that says they are secret. */
  secrets: string[];
  /**
   * True when the config lists all providers that may be used and brings package and models of each: then no catalogue
   * is needed.
   */
  isComplete: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads OPENCODE_CONFIG_CONTENT. It must not reach OpenCode's environment, where every tool could read it, so
 * `{env:NAME}` is resolved here and literal provider keys are taken out into files below `keyFolder`. Throws when it is
 * not a JSON object.
 */
export const readGivenConfig = (content: string, env: Environment, keyFolder: string): GivenConfig => {
  const config = parse(content, env);
  const keys: Record<string, string> = {};
  const secrets = new Set<string>();
  collectSecrets(config, secrets);
  for (const [id, provider] of Object.entries(config.provider ?? {})) {
    const key = provider.options?.apiKey;
    if (provider.options === undefined || typeof key !== 'string' || key === '' || key.startsWith('{file:')) continue;
    const name = encodeURIComponent(id);
    keys[name] = key;
    provider.options.apiKey = `{file:${join(keyFolder, name)}}`;
  }
  const isComplete = config.enabled_providers?.every((id) => isWhole(config.provider?.[id])) ?? false;
  return { config, keys, secrets: [...secrets], isComplete };
};

/** Writes the keys, then the config that refers to them, as `opencode.json` of `directory`; all of it private. */
export const writeGivenConfig = async (given: GivenConfig, directory: string, keyFolder: string): Promise<void> => {
  for (const [name, key] of Object.entries(given.keys)) await writePrivateFile(join(keyFolder, name), key);
  // OpenCode rewrites a file without $schema.
  const config = { $schema: 'https://opencode.ai/config.json', ...given.config };
  await writePrivateFile(join(directory, 'opencode.json'), `${JSON.stringify(config, null, 2)}\n`);
};

const isWhole = (provider: z.infer<typeof Provider> | undefined): boolean =>
  provider?.npm !== undefined && Boolean(provider.models);

const secretName = /key|token|secret|password|authorization|credential/i;

const collectSecrets = (value: unknown, found: Set<string>, name = ''): void => {
  if (typeof value === 'string') {
    if (secretName.test(name) && value !== '' && !value.startsWith('{file:')) found.add(value);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) collectSecrets(child, found, Array.isArray(value) ? name : key);
  }
};

const parse = (content: string, env: Environment): Config => {
  let json: unknown;
  try {
    json = JSON.parse(content, (_key, value: unknown) =>
      typeof value === 'string' ? resolveNames(value, env) : value,
    );
  } catch {
    json = undefined; // the parser's own message would quote the text, which may hold keys
  }
  const result = Config.safeParse(json);
  if (result.success) return result.data;
  throw new Error('OPENCODE_CONFIG_CONTENT is not a JSON object as OpenCode reads it (comments are not allowed here).');
};

const resolveNames = (text: string, env: Environment): string =>
  text.replace(/\{env:([^}]+)\}/g, (_all, name: string) => env[name] ?? '');
