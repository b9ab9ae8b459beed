/** Providers of models (contract §2.6, §2.7): all of it is a server's, the default one's or that of `?host=`. */
import * as z from 'zod';
import { provider, providerCalls } from '../calls/providers.ts';
import { providerSlug } from '../providers.ts';
import { json, optionally, required, route } from './route.ts';
import { hostQuery } from './scalars.ts';

const providers = '/api/ai/providers';
const params = z.object({ id: z.string() });
const errors = { 400: 'OpenCode refuses it', 404: 'No such provider type, or no such server' };
const methodIndex = { method_index: z.number().int() };
/** A server's keys serve everyone who works there, and an address decides where they are sent. */
const forAdmins = {
  who: 'admin',
  refusal: 'Only an admin may change the providers of a server: ask a user marked "admin": true',
} as const;

export const providerRoutes = {
  models: route({
    method: 'GET',
    path: '/api/providers',
    summary: 'Models that can be chosen',
    who: 'user',
    query: hostQuery,
    answer: json(providerCalls.models.reply),
    errors: { 404: 'No such server' },
  }),
  list: route({
    method: 'GET',
    path: providers,
    summary: 'Providers that are connected or set up',
    who: 'user',
    query: hostQuery,
    answer: json(z.array(provider)),
    errors: { 404: 'No such server' },
  }),
  create: route({
    method: 'POST',
    path: providers,
    summary: 'Sets a provider up; with a key it is connected',
    ...forAdmins,
    query: hostQuery,
    body: required(
      z.object({
        provider_type: providerSlug,
        name: z.string(),
        api_key: z.string().nullish(),
        base_url: z.string().nullish(),
        enabled: z.boolean().nullish(),
      }),
    ),
    answer: json(provider),
    errors: { ...errors, 409: 'It is set up already' },
  }),
  types: route({
    method: 'GET',
    path: `${providers}/types`,
    summary: 'Types of providers',
    who: 'user',
    answer: json(
      z.array(
        z.object({ id: providerSlug, name: z.string(), uses_oauth: z.boolean(), env_var: z.string().nullable() }),
      ),
    ),
  }),
  readTokens: route({
    method: 'GET',
    path: `${providers}/opencode-auth`,
    summary: 'Would show the tokens that OpenCode keeps, which nothing ever does',
    who: 'user',
    answer: { kind: 'refused', about: 'GET /api/ai/providers says what is connected' },
    errors: { 403: 'Nothing shows a key or a token' },
  }),
  takeTokens: route({
    method: 'POST',
    path: `${providers}/opencode-auth`,
    summary: 'Would take tokens of a login made elsewhere, which this version does not',
    ...forAdmins,
    answer: { kind: 'refused', about: 'Log in by /oauth/authorize, or give an API key' },
    errors: { 400: 'Tokens of a login made elsewhere are not taken' },
  }),
  read: route({
    method: 'GET',
    path: `${providers}/:id`,
    summary: 'One provider',
    who: 'user',
    params,
    query: hostQuery,
    answer: json(provider),
    errors,
  }),
  update: route({
    method: 'PUT',
    path: `${providers}/:id`,
    summary: 'Changes what is given of a provider; null clears',
    ...forAdmins,
    params,
    query: hostQuery,
    body: required(
      z.object({
        name: z.string().nullish(),
        api_key: z.string().nullable().optional(),
        base_url: z.string().nullable().optional(),
        enabled: z.boolean().nullish(),
      }),
    ),
    answer: json(provider),
    errors,
  }),
  remove: route({
    method: 'DELETE',
    path: `${providers}/:id`,
    summary: 'Disconnects a provider',
    ...forAdmins,
    params,
    query: hostQuery,
    answer: { kind: 'text', about: 'What became of it' },
    errors,
  }),
  authMethods: route({
    method: 'GET',
    path: `${providers}/:id/auth/methods`,
    summary: 'Ways to connect a provider',
    who: 'user',
    params,
    query: hostQuery,
    answer: json(provider.shape.auth_methods),
    errors,
  }),
  authState: route({
    method: 'POST',
    path: `${providers}/:id/auth`,
    summary: 'Says whether a provider is connected, and else where to go',
    who: 'user',
    params,
    query: hostQuery,
    answer: json(z.object({ success: z.boolean(), message: z.string(), auth_url: z.string().nullable() })),
    errors,
  }),
  makeDefault: route({
    method: 'POST',
    path: `${providers}/:id/default`,
    summary: 'Makes a provider the default one of its server',
    ...forAdmins,
    params,
    query: hostQuery,
    body: optionally(z.object({ model: z.string().nullish() })),
    answer: json(provider),
    errors,
  }),
  authorize: route({
    method: 'POST',
    path: `${providers}/:id/oauth/authorize`,
    summary: 'Begins a login at a provider',
    ...forAdmins,
    params,
    query: hostQuery,
    body: required(z.object(methodIndex)),
    answer: json(z.object({ url: z.string(), instructions: z.string(), method: z.literal('code') })),
    errors,
  }),
  callback: route({
    method: 'POST',
    path: `${providers}/:id/oauth/callback`,
    summary: 'Ends a login at a provider',
    ...forAdmins,
    params,
    query: hostQuery,
    body: required(z.object({ ...methodIndex, code: z.string() })),
    answer: json(provider),
    errors,
  }),
};
