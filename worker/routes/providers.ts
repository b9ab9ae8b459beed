import { type Provider, providerCalls } from '../../shared/calls/providers.ts';
import { AppError } from '../../shared/errors.ts';
import { type ProviderSlug, providerSlug, providerTypes, usesOauth } from '../../shared/providers.ts';
import { providerRoutes } from '../../shared/routes/providers.ts';
import type { Env } from '../env.ts';
import { callHost } from '../hosts/call.ts';
import { hostOfQuery } from '../hosts/chosen.ts';
import type { Context } from '../http/context.ts';
import { on, type Served } from '../http/on.ts';
import { requireHost } from '../missions/create.ts';
import { may, type Principal } from '../principal.ts';

const secretText =
  'Keys and logins are kept by OpenCode on the server, and nothing ever shows them. GET /api/ai/providers says what is connected.';
const tokenText =
  'Tokens of a login made elsewhere are not taken. Log in by POST /api/ai/providers/:id/oauth/authorize, or give an API key by POST /api/ai/providers.';

/**
 * Providers of models (contract §2.6, §2.7). Everything is done on the server; the edge passes a key on and neither
 * stores nor logs it.
 */
export const providers: Served[] = [
  on(providerRoutes.models, ({ c }) => offers(c)),
  on(providerRoutes.list, async ({ c }) => {
    const all = await callHost(...(await askedOf(c)), providerCalls.list, {});
    return all.map((each) => providerFor(c.get('principal'), each));
  }),
  on(providerRoutes.create, async ({ c, body }) => {
    const { provider_type: id, name, api_key, base_url, enabled } = body;
    const change = { id, name, api_key: api_key ?? null, base_url: base_url ?? null, enabled: enabled ?? true };
    return callHost(...(await askedOf(c)), providerCalls.create, change);
  }),
  on(providerRoutes.types, () => listedTypes),
  on(providerRoutes.readTokens, () => {
    throw new AppError('forbidden', secretText);
  }),
  on(providerRoutes.takeTokens, () => {
    throw new AppError('bad_request', tokenText);
  }),
  on(providerRoutes.read, ({ c, params }) => read(c, params)),
  on(providerRoutes.update, async ({ c, params, body: { name, enabled, ...cleared } }) => {
    const id = slugOf(params);
    const change = { id, ...cleared, name: name ?? undefined, enabled: enabled ?? undefined };
    return callHost(...(await askedOf(c)), providerCalls.update, change);
  }),
  on(providerRoutes.remove, async ({ c, params }) => {
    const id = slugOf(params);
    const { text } = await callHost(...(await askedOf(c)), providerCalls.remove, { id });
    return c.text(text);
  }),
  on(providerRoutes.authMethods, async ({ c, params }) => (await read(c, params)).auth_methods),
  on(providerRoutes.authState, async ({ c, params }) => {
    const { id, status } = await read(c, params);
    const { label, page } = providerTypes[id];
    if (status.type === 'connected') return { success: true, message: `${label} is connected`, auth_url: null };
    const message = usesOauth(id) ? `Log in to ${label}, or enter an API key` : `Enter an API key of ${label}`;
    return { success: false, message, auth_url: page ?? null };
  }),
  on(providerRoutes.makeDefault, async ({ c, params, body: { model } }) => {
    const id = slugOf(params);
    return callHost(...(await askedOf(c)), providerCalls.makeDefault, { id, model: model ?? null });
  }),
  on(providerRoutes.authorize, async ({ c, params, body: { method_index } }) => {
    const id = slugOf(params);
    return callHost(...(await askedOf(c)), providerCalls.beginLogin, { id, method_index });
  }),
  on(providerRoutes.callback, async ({ c, params, body: { method_index, code } }) => {
    const id = slugOf(params);
    return callHost(...(await askedOf(c)), providerCalls.endLogin, { id, method_index, code });
  }),
];

/** The ten types of contract §2.7. */
const listedTypes = providerSlug.options.flatMap((id) => {
  const { label, envVar } = providerTypes[id];
  return envVar === undefined ? [] : [{ id, name: label, uses_oauth: usesOauth(id), env_var: envVar }];
});

/** What every call here begins with: on whose behalf, and which server. */
const askedOf = async (c: Context): Promise<[Env, Principal, string]> => [
  c.env,
  c.get('principal'),
  requireHost(await hostOfQuery(c)).id,
];

const read = async (c: Context, params: { id: string }) => {
  const id = slugOf(params);
  return providerFor(c.get('principal'), await callHost(...(await askedOf(c)), providerCalls.get, { id }));
};

/** What it is connected to, and why it fails, is for whoever can change it. */
const providerFor = (principal: Principal, provider: Provider): Provider => {
  if (may(principal, 'admin')) return provider;
  const { status } = provider;
  const message = 'It does not work now. Ask an admin.';
  return { ...provider, base_url: null, status: status.type === 'error' ? { type: 'error', message } : status };
};

/** Empty while the server is away: the model picker shows any failure for ever, and nothing can be picked then. */
const offers = async (c: Context) => {
  const host = await hostOfQuery(c);
  if (host === null) return { providers: [] };
  return callHost(c.env, c.get('principal'), host.id, providerCalls.models, {}).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'unavailable') return { providers: [] };
    throw error;
  });
};

const slugOf = ({ id }: { id: string }): ProviderSlug => {
  const slug = providerSlug.safeParse(id);
  if (slug.success) return slug.data;
  throw new AppError(
    'not_found',
    `There is no provider type of this name. Known ones: ${providerSlug.options.join(', ')}`,
  );
};
