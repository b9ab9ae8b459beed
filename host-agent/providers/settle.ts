import { AppError } from '../../shared/errors.ts';
import { type ProviderSlug, providerSlug, providerTypes } from '../../shared/providers.ts';
import { writeProviderSettings } from '../opencode/config/provider-settings.ts';
import type { ProviderSide } from './context.ts';
import type { ProviderEntry } from './file.ts';
import { openCodeId } from './known.ts';
import { leftOutText, liveIn, look, type View } from './view.ts';

/**
 * Makes stored provider settings take effect: writes OpenCode's config file, then disposes the running instances, idle
 * ones at once and busy ones after their turn. Out: the state after that. Throws as Client does.
 */
export const settle = async (side: ProviderSide): Promise<View> => {
  const { settingsUnused, disabled } = side.facts();
  if (settingsUnused === null) {
    const { kinds } = await side.credentials();
    const { providers } = side.file.get();
    const baseUrls: Record<string, string> = {};
    const off: string[] = [];
    for (const slug of providerSlug.options) {
      const [entry, id] = [providers[slug], openCodeId(slug)];
      if (entry?.base_url && kinds[id] !== undefined) baseUrls[id] = entry.base_url;
      if (entry?.enabled === false) off.push(id);
    }
    await writeProviderSettings(side.folders.providerSettings, {
      baseUrls,
      disabled: off.length === 0 ? [] : [...disabled, ...off],
    });
  }
  await side.renewal.changed();
  await side.api.dispose(side.folders.home);
  side.renewMissions();
  return look(side);
};

/** Stores how a provider is set up and brings it into force, or takes it back and throws AppError why it has no effect. */
export const setUp = async (side: ProviderSide, slug: ProviderSlug, next: ProviderEntry): Promise<View> => {
  const before = side.file.get().providers[slug];
  await putEntry(side, slug, next);
  const view = await settle(side);
  const reason = whyWithoutEffect(view, slug, next);
  if (reason === null) return view;
  await putEntry(side, slug, before);
  await settle(side);
  throw new AppError('bad_request', reason);
};

export const putEntry = (side: ProviderSide, slug: ProviderSlug, entry: ProviderEntry | undefined): Promise<void> =>
  side.file.change((now) => {
    const { [slug]: _before, ...others } = now.providers;
    return { ...now, providers: entry ? { ...others, [slug]: entry } : others };
  });

const whyWithoutEffect = (view: View, slug: ProviderSlug, { base_url, enabled }: ProviderEntry): string | null => {
  const live = liveIn(view, slug);
  const { label } = providerTypes[slug];
  if (!enabled) return live ? `${label} is enabled by the configuration of this server's OpenCode, which wins.` : null;
  const hasCredential = view.kinds[openCodeId(slug)] !== undefined;
  if (hasCredential && !live) return leftOutText(slug);
  if (live && base_url !== null && live.options.baseURL !== base_url)
    return `The configuration of this server's OpenCode has another base URL for ${label}, which wins. Change it there.`;
  return null;
};
