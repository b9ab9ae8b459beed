import { AppError } from '../../shared/errors.ts';
import { type ProviderSlug, providerTypes } from '../../shared/providers.ts';
import type { ProviderSide } from './context.ts';
import type { ProviderEntry } from './file.ts';
import { keyRefusal, openCodeId } from './known.ts';
import { putEntry, settle, setUp } from './settle.ts';
import { liveIn, look, type View } from './view.ts';

/** What a person wishes of a provider; what is undefined stays, null clears. */
export interface ProviderWish {
  name?: string;
  api_key?: string | null;
  base_url?: string | null;
  enabled?: boolean;
}

/** Sets a provider up, or changes how it is. Throws AppError when a wish can't be met; then nothing has changed. */
export const changeProvider = async (side: ProviderSide, slug: ProviderSlug, wish: ProviderWish): Promise<View> => {
  const before = side.file.get().providers[slug];
  const entry = entryOf(slug, before, wish, side.clock());
  const { settingsUnused, variables } = side.facts();
  const isSetting = entry.base_url !== (before?.base_url ?? null) || entry.enabled !== (before?.enabled ?? true);
  if (isSetting && settingsUnused !== null)
    throw new AppError('bad_request', `base_url and enabled can't be set here: ${settingsUnused}.`);

  const id = openCodeId(slug);
  if (wish.api_key === undefined) return setUp(side, slug, entry);
  const variable = variables[id];
  if (variable !== undefined) {
    const text = `The key of ${providerTypes[slug].label} comes from ${variable} in the environment of this server and would come back at the next start. Change it there.`;
    throw new AppError('bad_request', text);
  }
  if (wish.api_key === null) {
    await side.api.forget(id);
    return setUp(side, slug, entry);
  }
  const key = keyOf(slug, wish.api_key, entry.base_url);
  const wasConnected = liveIn(await look(side), slug) !== undefined;
  side.remember(key);
  await side.api.setKey(id, key);
  try {
    return await setUp(side, slug, entry);
  } catch (error) {
    // OpenCode does not offer it, so the key is of no use there.
    if (error instanceof AppError && !wasConnected) await side.api.forget(id).then(() => settle(side));
    throw error;
  }
};

/** Takes away what is kept of a provider. Out: what became of it, for people. */
export const removeProvider = async (side: ProviderSide, slug: ProviderSlug): Promise<string> => {
  const id = openCodeId(slug);
  const { label } = providerTypes[slug];
  await side.api.forget(id);
  await putEntry(side, slug, undefined);
  await side.file.change((now) => ({ ...now, default: now.default?.provider === slug ? null : now.default }));
  const view = await settle(side);
  const variable = side.facts().variables[id];
  if (liveIn(view, slug))
    return `${label} stays connected: the configuration of this server's OpenCode has it. Remove it there.`;
  return variable === undefined
    ? `${label} is disconnected.`
    : `${label} is disconnected until OpenCode starts again: then its key comes back from ${variable} in the environment of this server. Remove it there.`;
};

const entryOf = (
  slug: ProviderSlug,
  before: ProviderEntry | undefined,
  wish: ProviderWish,
  now: number,
): ProviderEntry => {
  const name = wish.name?.trim() ?? before?.name ?? providerTypes[slug].label;
  if (name === '') throw new AppError('bad_request', 'Name cannot be empty');
  return {
    name,
    base_url: wish.base_url === undefined ? (before?.base_url ?? null) : baseUrlOf(wish.base_url),
    enabled: wish.enabled ?? before?.enabled ?? true,
    created_at: before?.created_at ?? now,
    updated_at: now,
  };
};

const baseUrlOf = (text: string | null): string | null => {
  const wanted = text?.trim() ?? '';
  if (wanted === '') return null;
  const url = URL.parse(wanted);
  if (!url || !/^https?:$/.test(url.protocol))
    throw new AppError('bad_request', 'Invalid URL: base_url has to begin with http:// or https://');
  if (url.username || url.password || url.search)
    throw new AppError(
      'bad_request',
      'Invalid URL: base_url is kept in plain text, so it has no user, password or query',
    );
  return wanted.replace(/\/+$/, '');
};

const keyOf = (slug: ProviderSlug, text: string, baseUrl: string | null): string => {
  const refusal = keyRefusal(slug, baseUrl);
  if (refusal !== null) throw new AppError('bad_request', refusal);
  const key = text.trim();
  if (key === '') throw new AppError('bad_request', 'The API key is empty. Send null to remove it.');
  return key;
};
