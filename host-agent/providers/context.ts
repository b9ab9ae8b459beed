import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { OpenCodeAway, OpenCodeRefused } from '../opencode/api/failure.ts';
import type { ProviderApi } from '../opencode/api/provider-api.ts';
import type { OpenCodeFolders } from '../opencode/config/folders.ts';
import type { StartFacts } from '../opencode/process/start-facts.ts';
import type { ProviderFile } from './file.ts';
import type { Renewal } from './renewal.ts';

/** What the functions about providers need: OpenCode's API, our file, and what is known of this start. */
export interface ProviderContext {
  api: ProviderApi;
  file: ProviderFile;
  renewal: Renewal;
  folders: Pick<OpenCodeFolders, 'home' | 'logins' | 'providerSettings'>;
  /** The model in OpenCode's configuration, as `provider/model`. */
  configuredModel(): Promise<string | null>;
  /** What is known of OpenCode's start; of one that is not ours next to nothing. Throws OpenCodeAway. */
  facts(): StartFacts;
  /** What kind of credential OpenCode keeps for each of its providers, and since when (ms). */
  credentials(): Promise<{ kinds: Record<string, string>; at: number }>;
  /** DEFAULT_MODEL, as `provider/model`. */
  defaultModel: string | null;
  /** A secret that is to be replaced wherever it shows up, from now on. */
  remember(secret: string): void;
  /** Idle missions take the change in at once. */
  renewMissions(): void;
  clock: Clock;
}

/** Runs `work` with OpenCode's failures as sentences for people. */
export const explained = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof OpenCodeAway) {
      const text = `OpenCode on this server does not answer, so nothing can be asked or set: ${cause.message}`;
      throw new AppError('unavailable', text, { cause });
    }
    if (cause instanceof OpenCodeRefused) {
      throw new AppError('bad_gateway', `OpenCode on this server refused: ${cause.message}`, { cause });
    }
    throw cause;
  }
};
