import * as z from 'zod';
import { providerSlug } from '../providers.ts';
import { call } from './call.ts';

const id = providerSlug;

/** A provider as clients see it (contract §2.7). Never a key or a token. */
export const provider = z.object({
  id,
  provider_type: id,
  provider_type_name: z.string(),
  name: z.string(),
  has_api_key: z.boolean(),
  has_oauth: z.boolean(),
  base_url: z.string().nullable(),
  enabled: z.boolean(),
  is_default: z.boolean(),
  uses_oauth: z.boolean(),
  auth_methods: z.array(z.object({ label: z.string(), type: z.enum(['oauth', 'api']) })),
  status: z.discriminatedUnion('type', [
    z.object({ type: z.literal('connected') }),
    z.object({ type: z.literal('needs_auth'), auth_url: z.string().nullable() }),
    z.object({ type: z.literal('unknown') }),
    z.object({ type: z.literal('error'), message: z.string() }),
  ]),
  created_at: z.string(),
  updated_at: z.string(),
});
export type Provider = z.infer<typeof provider>;

export const offer = z.object({
  id: z.string(),
  name: z.string(),
  billing: z.enum(['subscription', 'pay-per-token']),
  description: z.string(),
  models: z.array(z.object({ id: z.string(), name: z.string(), description: z.string().nullable() })),
});
export type Offer = z.infer<typeof offer>;

const method_index = z.number().int();

export const providerCalls = {
  /**
   * The connected providers with the models an agent can work with; ids as a model choice `provider/model` has them.
   */
  models: call({
    method: 'providers.models',
    does: 'read',
    on: 'provider',
    who: 'user',
    args: z.object({}),
    reply: z.object({ providers: z.array(offer) }),
  }),
  /** The providers that are connected, set up, or the default. */
  list: call({
    method: 'providers.list',
    does: 'read',
    on: 'provider',
    who: 'user',
    args: z.object({}),
    reply: z.array(provider),
  }),
  get: call({
    method: 'providers.get',
    does: 'read',
    on: 'provider',
    who: 'user',
    args: z.object({ id }),
    reply: provider,
  }),
  /**
   * Sets a provider up; with a key it is connected. A key is on its way to OpenCode here and is kept by nobody else.
   */
  create: call({
    method: 'providers.create',
    does: 'change',
    on: 'provider',
    who: 'admin',
    args: z.object({
      id,
      name: z.string(),
      api_key: z.string().nullable(),
      base_url: z.string().nullable(),
      enabled: z.boolean(),
    }),
    reply: provider,
  }),
  /** Changes what is given; `null` clears. */
  update: call({
    method: 'providers.update',
    does: 'change',
    on: 'provider',
    who: 'admin',
    args: z.object({
      id,
      name: z.string().optional(),
      api_key: z.string().nullable().optional(),
      base_url: z.string().nullable().optional(),
      enabled: z.boolean().optional(),
    }),
    reply: provider,
  }),
  /** Out: what became of it, for people. */
  remove: call({
    method: 'providers.remove',
    does: 'change',
    on: 'provider',
    who: 'admin',
    args: z.object({ id }),
    reply: z.object({ text: z.string() }),
  }),
  /** `model` null: the provider's own default. */
  makeDefault: call({
    method: 'providers.default',
    does: 'change',
    on: 'provider',
    who: 'admin',
    args: z.object({ id, model: z.string().nullable() }),
    reply: provider,
  }),
  /** Begins a login. Out: where the person goes, and what they do there. */
  beginLogin: call({
    method: 'providers.authorize',
    does: 'change',
    on: 'provider',
    who: 'admin',
    args: z.object({ id, method_index }),
    reply: z.object({ url: z.string(), instructions: z.string(), method: z.literal('code') }),
  }),
  /** Ends a login. Some wait until the person is done in the other window. */
  endLogin: call({
    method: 'providers.callback',
    does: 'change',
    on: 'provider',
    who: 'admin',
    args: z.object({ id, method_index, code: z.string() }),
    reply: provider,
    isPatient: true,
  }),
};
