import { writeSharedFile } from '../../process/private-file.ts';
import { textOfFile } from '../../process/text-file.ts';

export interface OpenCodeProviderSettings {
  /**
   * Base URL by OpenCode's id of the provider. An entry here makes OpenCode list the provider as connected, so only
   * those that are.
   */
  baseUrls: Readonly<Record<string, string>>;
  disabled: readonly string[];
}

/**
 * Writes the config file that is OPENCODE_CONFIG of our OpenCode: after the global config, before the person's own,
 * which wins. Each instance reads it when it is made (measured).
 */
export const writeProviderSettings = (path: string, settings: OpenCodeProviderSettings): Promise<void> => {
  const { baseUrls, disabled } = settings;
  const provider = Object.fromEntries(Object.entries(baseUrls).map(([id, baseURL]) => [id, { options: { baseURL } }]));
  const config = {
    $schema: 'https://opencode.ai/config.json',
    ...(Object.keys(provider).length === 0 ? {} : { provider }),
    ...(disabled.length === 0 ? {} : { disabled_providers: disabled }),
  };
  return writeSharedFile(path, `${JSON.stringify(config, null, 2)}\n`);
};

/** Before a start: OpenCode would refuse everything with a damaged file. */
export const ensureProviderSettings = async (path: string): Promise<void> => {
  const text = await textOfFile(path);
  if (text === undefined || !isJson(text)) await writeProviderSettings(path, { baseUrls: {}, disabled: [] });
};

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
