// Providers of models (contract §2.6, §2.7). No endpoint ever returns a key.
import { expect } from 'vitest';
import * as z from 'zod';
import { ts } from '../contract/scalars.ts';
import { model } from '../stage.ts';
import type { RouteCase } from './case.ts';

const slugs = [
  ...[
    'anthropic',
    'openai',
    'google',
    'amazon-bedrock',
    'azure',
    'open-router',
    'mistral',
    'groq',
    'xai',
    'deep-infra',
  ],
  ...['cerebras', 'cohere', 'together-ai', 'perplexity', 'github-copilot', 'custom'],
] as const;
const labels = [
  ...['Anthropic', 'OpenAI', 'Google AI', 'Amazon Bedrock', 'Azure OpenAI', 'OpenRouter', 'Mistral AI', 'Groq', 'xAI'],
  ...['DeepInfra', 'Cerebras', 'Cohere', 'Together AI', 'Perplexity', 'GitHub Copilot', 'Custom'],
];
const authMethod = z.strictObject({
  label: z.string(),
  type: z.enum(['oauth', 'api']),
  description: z.string().optional(),
});

const provider = z.strictObject({
  id: z.enum(slugs),
  provider_type: z.enum(slugs),
  provider_type_name: z.enum(labels),
  name: z.string().min(1),
  has_api_key: z.boolean(),
  has_oauth: z.boolean(),
  base_url: z.string().nullable(),
  enabled: z.boolean(),
  is_default: z.boolean(),
  uses_oauth: z.boolean(),
  auth_methods: z.array(authMethod).min(1),
  status: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('connected') }),
    z.strictObject({ type: z.literal('needs_auth'), auth_url: z.string().nullable() }),
    z.strictObject({ type: z.literal('unknown') }),
    z.strictObject({ type: z.literal('error'), message: z.string() }),
  ]),
  created_at: ts,
  updated_at: ts,
});

const key = 'sk-conformance-7d1f3a';
const hidesKey = (body: unknown): void => expect(JSON.stringify(body)).not.toContain(key);
const ai = '/api/ai/providers';
const unknownType = { send: { path: `${ai}/nobody` }, status: 404, says: /nobody|provider/i };
/** Connected before each case that needs it; connecting it again changes nothing. */
const connected = () => ({
  provider_type: 'groq',
  name: 'Mine',
  api_key: key,
  base_url: model().url,
  enabled: true,
  unknown: {},
});

export const providerCases: RouteCase[] = [
  {
    route: 'GET /api/providers',
    good: [
      {
        is: z.strictObject({
          providers: z.array(
            z.strictObject({
              id: z.string(),
              name: z.string(),
              billing: z.enum(['subscription', 'pay-per-token']),
              description: z.string(),
              models: z.array(z.strictObject({ id: z.string(), name: z.string(), description: z.string().nullable() })),
            }),
          ),
        }),
        // What is picked becomes `model_override` as `<provider>/<model>`.
        and: ({ providers }) => expect(providers.map(({ id }: { id: string }) => id)).toContain('lab'),
      },
    ],
    bad: [],
  },
  {
    route: `GET ${ai}/types`,
    good: [
      {
        is: z
          .array(
            z.strictObject({
              id: z.enum(slugs),
              name: z.enum(labels),
              uses_oauth: z.boolean(),
              env_var: z.string().nullable(),
            }),
          )
          .length(10),
      },
    ],
    bad: [],
  },
  {
    route: `POST ${ai}`,
    body: 'required',
    good: [
      {
        send: () => ({ body: connected() }),
        is: provider,
        and: (made) => {
          hidesKey(made);
          expect(made).toMatchObject({
            id: 'groq',
            has_api_key: true,
            has_oauth: false,
            status: { type: 'connected' },
          });
        },
      },
    ],
    bad: [
      { send: () => ({ body: { ...connected(), name: ' ' } }), status: 400, says: /\S/ },
      { send: () => ({ body: { ...connected(), base_url: 'not a url' } }), status: 400, says: /\S/ },
      { send: () => ({ body: { ...connected(), provider_type: 'nobody' } }), status: 422, says: /provider_type/ },
      { send: () => ({ body: { ...connected(), api_key: 7 } }), status: 422, says: /api_key/ },
    ],
  },
  {
    route: `GET ${ai}`,
    good: [
      {
        is: z.array(provider).min(1),
        and: (list: { name: string }[]) => {
          hidesKey(list);
          expect(list.map(({ name }) => name)).toEqual(
            list.map(({ name }) => name).toSorted((a, b) => a.localeCompare(b)),
          );
        },
      },
    ],
    bad: [],
  },
  {
    route: `GET ${ai}/:id`,
    params: { id: 'groq' },
    good: [{ is: provider, and: hidesKey }],
    bad: [unknownType],
  },
  {
    route: `PUT ${ai}/:id`,
    params: { id: 'groq' },
    body: 'required',
    good: [{ send: { body: { name: 'Renamed' } }, is: provider, and: ({ name }) => expect(name).toBe('Renamed') }],
    bad: [
      { ...unknownType, send: { path: `${ai}/nobody`, body: { name: 'x' } } },
      { send: { body: { base_url: 'ftp://x' } }, status: 400, says: /\S/ },
      { send: { body: { enabled: 'yes' } }, status: 422, says: /enabled/ },
    ],
  },
  {
    route: `GET ${ai}/:id/auth/methods`,
    params: { id: 'groq' },
    good: [{ is: z.array(authMethod).length(1) }],
    bad: [{ ...unknownType, send: { path: `${ai}/nobody/auth/methods` } }],
  },
  {
    route: `POST ${ai}/:id/auth`,
    params: { id: 'groq' },
    good: [{ is: z.strictObject({ success: z.boolean(), message: z.string(), auth_url: z.string().nullable() }) }],
    bad: [{ ...unknownType, send: { path: `${ai}/nobody/auth` } }],
  },
  {
    route: `POST ${ai}/:id/default`,
    params: { id: 'groq' },
    good: [{ is: provider, and: (made) => expect(made.is_default).toBe(true) }],
    bad: [{ ...unknownType, send: { path: `${ai}/nobody/default` } }],
  },
  {
    route: `POST ${ai}/:id/oauth/authorize`,
    params: { id: 'groq' },
    body: 'required',
    good: [],
    bad: [
      { send: { body: { method_index: 0 } }, status: 400, says: /\S/ },
      { send: { body: { method_index: 99 } }, status: 400, says: /\S/ },
      { send: { body: { method_index: '0' } }, status: 422, says: /method_index/ },
      { ...unknownType, send: { path: `${ai}/nobody/oauth/authorize`, body: { method_index: 0 } } },
    ],
  },
  {
    route: `POST ${ai}/:id/oauth/callback`,
    params: { id: 'groq' },
    body: 'required',
    good: [],
    bad: [
      { send: { body: { method_index: 0, code: 'x' } }, status: 400, says: /\S/ },
      { send: { body: { method_index: 0 } }, status: 422, says: /code/ },
    ],
  },
  {
    // Whole files of tokens are neither shown nor taken.
    route: `GET ${ai}/opencode-auth`,
    good: [],
    bad: [{ send: {}, status: 403, says: /nothing ever shows them/ }],
  },
  { route: `POST ${ai}/opencode-auth`, good: [], bad: [{ send: { body: {} }, status: 400, says: /\S/ }] },
  {
    route: `DELETE ${ai}/:id`,
    params: { id: 'groq' },
    good: [{ is: /\S/ }],
    bad: [unknownType],
  },
];
