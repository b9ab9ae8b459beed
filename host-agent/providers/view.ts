import { timestamp } from '../../shared/api.ts';
import type { Offer, Provider } from '../../shared/calls/providers.ts';
import { type ProviderSlug, providerSlug, providerTypes, usesOauth } from '../../shared/providers.ts';
import type { ConnectedProvider } from '../opencode/api/connected-providers.ts';
import { OpenCodeAway } from '../opencode/api/failure.ts';
import type { ProviderContext } from './context.ts';
import type { ProviderSettings } from './file.ts';
import { openCodeId, slugOf } from './known.ts';

/** Everything that is known of providers at one moment. */
export interface View {
  settings: ProviderSettings;
  /** Kind of credential by OpenCode's id. */
  kinds: Record<string, string>;
  /** When credentials were last written (ms). */
  at: number;
  connected: readonly ConnectedProvider[];
  /** Why OpenCode could not be asked what is connected. */
  away: string | null;
  /** OpenCode's id of the provider of messages that name no model. */
  defaultId: string | null;
}

/** Asks OpenCode; where it is away, the rest is still known. */
export const look = async (context: ProviderContext): Promise<View> => {
  const settings = context.file.get();
  const { kinds, at } = await context.credentials();
  const chosen = settings.default ? openCodeId(settings.default.provider) : null;
  const known = { settings, kinds, at };
  try {
    const connected = await context.api.connected(context.folders.home);
    const model = context.defaultModel ?? (chosen === null ? await context.configuredModel() : null);
    return { ...known, connected, away: null, defaultId: model === null ? chosen : providerOf(model) };
  } catch (error) {
    if (!(error instanceof OpenCodeAway)) throw error;
    const defaultId = context.defaultModel === null ? chosen : providerOf(context.defaultModel);
    return { ...known, connected: [], away: error.message, defaultId };
  }
};

/** The providers that are connected, set up, or the default, by name. */
export const providersIn = (view: View): Provider[] =>
  providerSlug.options
    .filter((slug) => isPresent(slug, view))
    .map((slug) => providerIn(view, slug))
    .toSorted((a, b) => a.name.localeCompare(b.name));

const isPresent = (slug: ProviderSlug, view: View): boolean => {
  const id = openCodeId(slug);
  return (
    view.settings.providers[slug] !== undefined ||
    view.kinds[id] !== undefined ||
    view.defaultId === id ||
    liveIn(view, slug) !== undefined
  );
};

/** A provider as OpenCode can use it now; undefined when it can't. */
export const liveIn = (view: View, slug: ProviderSlug): ConnectedProvider | undefined =>
  view.connected.find(({ id }) => id === openCodeId(slug));

export const providerIn = (view: View, slug: ProviderSlug): Provider => {
  const type = providerTypes[slug];
  const id = openCodeId(slug);
  const entry = view.settings.providers[slug];
  const live = liveIn(view, slug);
  const hasOauth = isLogin(view, slug);
  return {
    id: slug,
    provider_type: slug,
    provider_type_name: type.label,
    name: entry?.name ?? type.label,
    has_api_key: !hasOauth && (view.kinds[id] !== undefined || live !== undefined),
    has_oauth: hasOauth,
    base_url: (live ? live.options.baseURL : entry?.base_url) ?? null,
    enabled: entry?.enabled ?? true,
    is_default: view.defaultId === id,
    uses_oauth: usesOauth(slug),
    auth_methods: [...type.methods],
    status: statusIn(view, slug),
    created_at: timestamp(entry?.created_at ?? view.at),
    updated_at: timestamp(entry?.updated_at ?? view.at),
  };
};

/** Where OpenCode's file is not ours to read, it says `custom` of what a plugin connected. */
const isLogin = (view: View, slug: ProviderSlug): boolean => {
  const kind = view.kinds[openCodeId(slug)];
  if (kind !== undefined) return kind === 'oauth';
  return usesOauth(slug) && liveIn(view, slug)?.source === 'custom';
};

const statusIn = (view: View, slug: ProviderSlug): Provider['status'] => {
  if (view.away !== null) return { type: 'error', message: view.away };
  if (liveIn(view, slug)) return { type: 'connected' };
  if (view.settings.providers[slug]?.enabled === false) return { type: 'unknown' };
  if (view.kinds[openCodeId(slug)] !== undefined) return { type: 'error', message: leftOutText(slug) };
  return { type: 'needs_auth', auth_url: providerTypes[slug].page ?? null };
};

export const leftOutText = (slug: ProviderSlug): string =>
  `OpenCode on this server does not offer ${providerTypes[slug].label}: its configuration (enabled_providers, disabled_providers) or OPENCODE_MODELS_PATH leaves it out.`;

/** For the model picker (contract §2.6): everything OpenCode can use, also what only its configuration names. */
export const offersIn = (view: View): Offer[] =>
  view.connected
    .filter(({ models }) => Object.keys(models).length > 0)
    .map((live) => {
      const slug = slugOf(live.id);
      const bySubscription = slug !== null && isLogin(view, slug);
      return {
        id: live.id,
        name: (slug && view.settings.providers[slug]?.name) ?? live.name,
        billing: bySubscription ? 'subscription' : 'pay-per-token',
        description: bySubscription ? 'Used with your subscription' : 'Paid by use',
        models: Object.entries(live.models).map(([id, { name }]) => ({ id, name, description: null })),
      };
    });

const providerOf = (model: string): string => model.split('/', 1)[0] ?? model;
