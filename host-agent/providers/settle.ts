import { AppError } from '../../shared/errors.ts';
import { type ProviderSlug, providerSlug, providerTypes } from '../../shared/providers.ts';
import { writeProviderSettings } from '../opencode/config/provider-settings.ts';
import type { ProviderContext } from './context.ts';
import type { ProviderEntry } from './file.ts';
import { openCodeId } from './known.ts';
import { leftOutText, liveIn, look, type View } from './view.ts';

/**
 * Makes stored provider settings take effect: writes OpenCode's config file, then disposes the running instances, idle
 * ones at once and busy ones after their turn. Out: the state after that. Throws as Client does.
 */
export const settle = async (context: ProviderContext): Promise<View> => {
  const { settingsUnused, disabled } = context.facts();
  if (settingsUnused === null) {
    const { kinds } = await context.credentials();
    const { providers } = context.file.get();
    const baseUrls: Record<string, string> = {};
    const off: string[] = [];
    for (const slug of providerSlug.options) {
      const [entry, id] = [providers[slug], openCodeId(slug)];
      if (entry?.base_url && kinds[id] !== undefined) baseUrls[id] = entry.base_url;
      if (entry?.enabled === false) off.push(id);
    }
    await writeProviderSettings(context.folders.providerSettings, {
      baseUrls,
      disabled: off.length === 0 ? [] : [...disabled, ...off],
    });
  }
  await context.renewal.changed();
  await context.api.dispose(context.folders.home);
  context.renewMissions();
  return look(context);
};

/**
 * Stores how a provider is set up and brings it into force, or takes it back and throws AppError why it has no effect.
 */
export const setUp = async (context: ProviderContext, slug: ProviderSlug, next: ProviderEntry): Promise<View> => {
  const before = context.file.get().providers[slug];
  await putEntry(context, slug, next);
  const view = await settle(context);
  const reason = whyWithoutEffect(view, slug, next);
  if (reason === null) return view;
  await putEntry(context, slug, before);
  await settle(context);
  throw new AppError('bad_request', reason);
};

export const putEntry = (
  context: ProviderContext,
  slug: ProviderSlug,
  entry: ProviderEntry | undefined,
): Promise<void> =>
  context.file.change((now) => {
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
