import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { AppError } from '../../shared/errors.ts';
import { providerSlug } from '../../shared/providers.ts';
import { writePrivateFile } from '../process/private-file.ts';

/** A provider as a person set it up. Times are epoch ms. */
const entry = z.object({
  name: z.string(),
  base_url: z.string().nullable(),
  enabled: z.boolean(),
  created_at: z.number(),
  updated_at: z.number(),
});
export type ProviderEntry = z.infer<typeof entry>;

const settings = z.object({
  providers: z.partialRecord(providerSlug, entry),
  /** The provider of messages that name no model; `model` null: its own default. */
  default: z.object({ provider: providerSlug, model: z.string().nullable() }).nullable(),
  /** The last change of credentials or settings, and the OpenCode process it happened to (renewal.ts). */
  change: z.object({ instance: z.string(), id: z.string() }).nullable(),
});
export type ProviderSettings = z.infer<typeof settings>;

const none: ProviderSettings = { providers: {}, default: null, change: null };

/** `providers.json`: what we keep of providers. Keys and logins are OpenCode's alone. */
export interface ProviderFile {
  get(): ProviderSettings;
  /** Throws AppError when the file is damaged: it is kept for whoever mends it, and read as empty meanwhile. */
  change(next: (now: ProviderSettings) => ProviderSettings): Promise<void>;
}

/** Read once: this process is the only one that writes it. */
export const openProviderFile = (path: string): ProviderFile => {
  let known = read(path);
  return {
    get: () => known ?? none,
    change: async (next) => {
      if (known === null)
        throw new AppError('internal', `${path} on the server is damaged. Correct or remove it, and start again.`);
      const changed = next(known);
      await writePrivateFile(path, `${JSON.stringify(changed, null, 2)}\n`);
      known = changed;
    },
  };
};

/** The content of the file; null when it is damaged. */
const read = (path: string): ProviderSettings | null => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return none;
    throw error;
  }
  try {
    return settings.parse(JSON.parse(text));
  } catch {
    return null; // Said when somebody wants to change it.
  }
};
