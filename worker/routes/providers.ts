import { z } from 'zod';
import {
  beginLogin,
  createProvider,
  endLogin,
  getProvider,
  listProviders,
  makeDefaultProvider,
  offeredModels,
  removeProvider,
  updateProvider,
} from '../../shared/calls/providers.ts';
import { AppError } from '../../shared/errors.ts';
import { type ProviderSlug, providerSlug, providerTypes, usesOauth } from '../../shared/providers.ts';
import { callHost } from '../call.ts';
import { jsonBody, optionalBody } from '../http/body.ts';
import { type Context, routes } from '../http/context.ts';
import { serverOf } from '../http/server.ts';
import { requireHost } from '../missions/create.ts';

const newProvider = z.object({
  provider_type: providerSlug,
  name: z.string(),
  api_key: z.string().nullish(),
  base_url: z.string().nullish(),
  enabled: z.boolean().nullish(),
});
/** `null` clears where there is something to clear (contract §1.4), and is like missing elsewhere. */
const changedProvider = z.object({
  name: z.string().nullish(),
  api_key: z.string().nullable().optional(),
  base_url: z.string().nullable().optional(),
  enabled: z.boolean().nullish(),
});
const loginStart = z.object({ method_index: z.number().int() });
const loginEnd = loginStart.extend({ code: z.string() });
const chosenModel = z.object({ model: z.string().nullish() });

const secretText =
  'Keys and logins are kept by OpenCode on the server, and nothing ever shows them. GET /api/ai/providers says what is connected.';
const tokenText =
  'Tokens of a login made elsewhere are not taken. Log in by POST /api/ai/providers/:id/oauth/authorize, or give an API key by POST /api/ai/providers.';

/** Providers of models (contract §2.6, §2.7): all of it is the server's, and a key passes through here without a stop. */
export const providers = routes()
  .get('/providers', async (c) => c.json(await offers(c)))
  .get('/ai/providers', async (c) => c.json(await callHost(c.env, await hostOf(c), listProviders, {})))
  .post('/ai/providers', async (c) => {
    const { provider_type: id, name, api_key, base_url, enabled } = await jsonBody(c, newProvider);
    const wish = { id, name, api_key: api_key ?? null, base_url: base_url ?? null, enabled: enabled ?? true };
    return c.json(await callHost(c.env, await hostOf(c), createProvider, wish));
  })
  .get('/ai/providers/types', (c) => c.json(listedTypes))
  .get('/ai/providers/opencode-auth', () => {
    throw new AppError('forbidden', secretText);
  })
  .post('/ai/providers/opencode-auth', () => {
    throw new AppError('bad_request', tokenText);
  })
  .get('/ai/providers/:id', async (c) => c.json(await read(c)))
  .put('/ai/providers/:id', async (c) => {
    const id = slugParam(c);
    const { name, enabled, ...cleared } = await jsonBody(c, changedProvider);
    const wish = { id, ...cleared, name: name ?? undefined, enabled: enabled ?? undefined };
    return c.json(await callHost(c.env, await hostOf(c), updateProvider, wish));
  })
  .delete('/ai/providers/:id', async (c) => {
    const id = slugParam(c);
    const { text } = await callHost(c.env, await hostOf(c), removeProvider, { id });
    return c.text(text);
  })
  .get('/ai/providers/:id/auth/methods', async (c) => c.json((await read(c)).auth_methods))
  .post('/ai/providers/:id/auth', async (c) => {
    const { id, status } = await read(c);
    const { label, page } = providerTypes[id];
    if (status.type === 'connected') return c.json({ success: true, message: `${label} is connected`, auth_url: null });
    const message = usesOauth(id) ? `Log in to ${label}, or enter an API key` : `Enter an API key of ${label}`;
    return c.json({ success: false, message, auth_url: page ?? null });
  })
  .post('/ai/providers/:id/default', async (c) => {
    const id = slugParam(c);
    const { model } = await optionalBody(c, chosenModel);
    return c.json(await callHost(c.env, await hostOf(c), makeDefaultProvider, { id, model: model ?? null }));
  })
  .post('/ai/providers/:id/oauth/authorize', async (c) => {
    const id = slugParam(c);
    const { method_index } = await jsonBody(c, loginStart);
    return c.json(await callHost(c.env, await hostOf(c), beginLogin, { id, method_index }));
  })
  .post('/ai/providers/:id/oauth/callback', async (c) => {
    const id = slugParam(c);
    const { method_index, code } = await jsonBody(c, loginEnd);
    return c.json(await callHost(c.env, await hostOf(c), endLogin, { id, method_index, code }));
  });

/** The ten types of contract §2.7. */
const listedTypes = providerSlug.options.flatMap((id) => {
  const { label, envVar } = providerTypes[id];
  return envVar === undefined ? [] : [{ id, name: label, uses_oauth: usesOauth(id), env_var: envVar }];
});

const hostOf = async (c: Context): Promise<string> => requireHost(await serverOf(c)).id;

const read = async (c: Context) => {
  const id = slugParam(c);
  return callHost(c.env, await hostOf(c), getProvider, { id });
};

/** Empty while the server is away: the model picker shows any failure for ever, and nothing can be picked then. */
const offers = async (c: Context) => {
  const host = await serverOf(c);
  if (host === null) return { providers: [] };
  return callHost(c.env, host.id, offeredModels, {}).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'unavailable') return { providers: [] };
    throw error;
  });
};

const slugParam = (c: Context): ProviderSlug => {
  const slug = providerSlug.safeParse(c.req.param('id'));
  if (slug.success) return slug.data;
  throw new AppError(
    'not_found',
    `There is no provider type of this name. Known ones: ${providerSlug.options.join(', ')}`,
  );
};
