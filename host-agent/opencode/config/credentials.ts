import { stat } from 'node:fs/promises';
import * as z from 'zod';
import { writePrivateFile } from '../../process/private-file.ts';
import { textOfFile } from '../../process/text-file.ts';
import { providerKeysIn } from './provider-keys.ts';

/** OpenCode's auth.json: one entry per provider. Kinds we do not know are kept as they are. */
const AuthFile = z.record(z.string(), z.looseObject({ type: z.string() }));
type AuthFile = z.infer<typeof AuthFile>;

export interface Credentials {
  /** Providers that have an entry. */
  providers: string[];
  /** Every secret value in the file. */
  secrets: string[];
  /** Variable that gave an entry, by provider. */
  variables: Record<string, string>;
}

/**
 * Brings the provider keys of `env` (and OPENCODE_AUTH_CONTENT) into auth.json, which OpenCode reads and its tools'
 * environment does not show. A login (OAuth) that is there is kept: it was made on purpose. An entry stays when its
 * variable is gone, since a key typed into OpenCode looks the same. Throws, naming the file, when it is damaged.
 */
export const mergeCredentials = async (
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Credentials> => {
  const stored = parseAuth((await textOfFile(path)) ?? '{}', path);
  const given = parseAuth(env.OPENCODE_AUTH_CONTENT || '{}', 'OPENCODE_AUTH_CONTENT');
  const merged: AuthFile = { ...stored, ...given };
  const variables = Object.fromEntries(Object.keys(given).map((provider) => [provider, 'OPENCODE_AUTH_CONTENT']));
  for (const [provider, { name, key }] of Object.entries(providerKeysIn(env))) {
    if (merged[provider]?.type === 'oauth') continue;
    merged[provider] = { ...merged[provider], type: 'api', key };
    variables[provider] = name;
  }
  const changed = JSON.stringify(merged) !== JSON.stringify(stored);
  if (changed) await writePrivateFile(path, `${JSON.stringify(merged, null, 2)}\n`);
  return { providers: Object.keys(merged), secrets: Object.values(merged).flatMap(secretsOf), variables };
};

const secretFields = ['key', 'refresh', 'access', 'token'];

const secretsOf = (entry: AuthFile[string]): string[] =>
  secretFields.flatMap((field) => {
    const value = entry[field];
    return typeof value === 'string' && value !== '' ? [value] : [];
  });

const parseAuth = (text: string, source: string): AuthFile => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined; // the parser's own message would quote the text, which holds keys
  }
  const result = AuthFile.safeParse(json);
  if (!result.success)
    throw new Error(`${source} is not what OpenCode writes. Correct it, or move it away and log in again.`);
  return result.data;
};

/**
 * What kind of credential OpenCode has for each provider, and when the file was written (ms); nothing of what is in
 * them.
 */
export const credentialKinds = async (path: string): Promise<{ kinds: Record<string, string>; at: number }> => {
  const text = await textOfFile(path);
  if (text === undefined) return { kinds: {}, at: 0 };
  const entries = Object.entries(parseAuth(text, path)).map(([provider, { type }]) => [provider, type]);
  return { kinds: Object.fromEntries(entries), at: Math.round((await stat(path)).mtimeMs) };
};
