import { AppError } from '../../shared/errors.ts';
import { type ProviderSlug, providerTypes } from '../../shared/providers.ts';
import { baseUrlOf, requireKeyForOrigin } from './address.ts';
import type { ProviderContext } from './context.ts';
import type { ProviderEntry } from './file.ts';
import { keyRefusal, openCodeId } from './known.ts';
import { putEntry, settle, setUp } from './settle.ts';
import { liveIn, look, type View } from './view.ts';

/** What a person changes of a provider; what is undefined stays, null clears. */
export interface ProviderChange {
  name?: string;
  api_key?: string | null;
  base_url?: string | null;
  enabled?: boolean;
}

/** Sets a provider up, or changes how it is. Throws AppError when that can't be done; then nothing has changed. */
export const changeProvider = async (
  context: ProviderContext,
  slug: ProviderSlug,
  change: ProviderChange,
): Promise<View> => {
  const before = context.file.get().providers[slug];
  const entry = entryOf(slug, before, change, context.clock.now());
  const { settingsUnused, variables } = context.facts();
  const isSetting = entry.base_url !== (before?.base_url ?? null) || entry.enabled !== (before?.enabled ?? true);
  if (isSetting && settingsUnused !== null)
    throw new AppError('bad_request', `base_url and enabled can't be set here: ${settingsUnused}.`);

  const hasNewKey = typeof change.api_key === 'string';
  await requireKeyForOrigin(context, slug, { from: before?.base_url ?? null, to: entry.base_url, hasNewKey });
  const id = openCodeId(slug);
  if (change.api_key === undefined) return setUp(context, slug, entry);
  const variable = variables[id];
  if (variable !== undefined) {
    const text = `The key of ${providerTypes[slug].label} comes from ${variable} in the environment of this server and would come back at the next start. Change it there.`;
    throw new AppError('bad_request', text);
  }
  if (change.api_key === null) {
    await context.api.forget(id);
    return setUp(context, slug, entry);
  }
  const key = keyOf(slug, change.api_key, entry.base_url);
  const wasConnected = liveIn(await look(context), slug) !== undefined;
  context.remember(key);
  await context.api.setKey(id, key);
  try {
    return await setUp(context, slug, entry);
  } catch (error) {
    // OpenCode does not offer it, so the key is of no use there.
    if (error instanceof AppError && !wasConnected) await context.api.forget(id).then(() => settle(context));
    throw error;
  }
};

/** Takes away what is kept of a provider. Out: what became of it, for people. */
export const removeProvider = async (context: ProviderContext, slug: ProviderSlug): Promise<string> => {
  const id = openCodeId(slug);
  const { label } = providerTypes[slug];
  await context.api.forget(id);
  await putEntry(context, slug, undefined);
  await context.file.change((now) => ({ ...now, default: now.default?.provider === slug ? null : now.default }));
  const view = await settle(context);
  const variable = context.facts().variables[id];
  if (liveIn(view, slug))
    return `${label} stays connected: the configuration of this server's OpenCode has it. Remove it there.`;
  return variable === undefined
    ? `${label} is disconnected.`
    : `${label} is disconnected until OpenCode starts again: then its key comes back from ${variable} in the environment of this server. Remove it there.`;
};

const entryOf = (
  slug: ProviderSlug,
  before: ProviderEntry | undefined,
  change: ProviderChange,
  now: number,
): ProviderEntry => {
  const name = change.name?.trim() ?? before?.name ?? providerTypes[slug].label;
  if (name === '') throw new AppError('bad_request', 'Name cannot be empty');
  return {
    name,
    base_url: change.base_url === undefined ? (before?.base_url ?? null) : baseUrlOf(change.base_url),
    enabled: change.enabled ?? before?.enabled ?? true,
    created_at: before?.created_at ?? now,
    updated_at: now,
  };
};

const keyOf = (slug: ProviderSlug, text: string, baseUrl: string | null): string => {
  const refusal = keyRefusal(slug, baseUrl);
  if (refusal !== null) throw new AppError('bad_request', refusal);
  const key = text.trim();
  if (key === '') throw new AppError('bad_request', 'The API key is empty. Send null to remove it.');
  return key;
};
