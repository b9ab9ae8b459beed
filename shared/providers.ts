/**
 * Model providers as the wire knows them (contract §2.7): one per type, and its slug is its id. What each is in
 * OpenCode is the host's matter.
 */
import * as z from 'zod';

export const providerSlug = z.enum([
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
  'cerebras',
  'cohere',
  'together-ai',
  'perplexity',
  'github-copilot',
  'custom',
]);
export type ProviderSlug = z.infer<typeof providerSlug>;

export interface AuthMethod {
  label: string;
  type: 'oauth' | 'api';
}

export interface ProviderType {
  label: string;
  /** In the contract's order: clients name a method by its index, and have a copy of these labels. */
  methods: readonly AuthMethod[];
  /** Variable in which people keep its key. Undefined: not among the types that `GET /api/ai/providers/types` lists. */
  envVar?: string | null;
  /** Page on which a person gets what connects it. */
  page?: string;
}

const apiKey: readonly AuthMethod[] = [{ label: 'API Key', type: 'api' }];
const manualKey: AuthMethod = { label: 'Manually enter API Key', type: 'api' };

export const providerTypes: Readonly<Record<ProviderSlug, ProviderType>> = {
  anthropic: {
    label: 'Anthropic',
    methods: [{ label: 'Claude Pro/Max', type: 'oauth' }, { label: 'Create an API Key', type: 'oauth' }, manualKey],
    envVar: 'ANTHROPIC_API_KEY',
    page: 'https://console.anthropic.com/settings/keys',
  },
  openai: {
    label: 'OpenAI',
    methods: [
      { label: 'ChatGPT Plus/Pro (Codex Subscription)', type: 'oauth' },
      { label: 'ChatGPT Plus/Pro (Manual URL Paste)', type: 'oauth' },
      manualKey,
    ],
    envVar: 'OPENAI_API_KEY',
  },
  google: {
    label: 'Google AI',
    methods: [{ label: 'OAuth with Google (Gemini CLI)', type: 'oauth' }, manualKey],
    envVar: 'GOOGLE_API_KEY',
  },
  'amazon-bedrock': { label: 'Amazon Bedrock', methods: apiKey, envVar: null },
  azure: { label: 'Azure OpenAI', methods: apiKey, envVar: 'AZURE_OPENAI_API_KEY' },
  'open-router': { label: 'OpenRouter', methods: apiKey, envVar: 'OPENROUTER_API_KEY' },
  mistral: { label: 'Mistral AI', methods: apiKey, envVar: 'MISTRAL_API_KEY' },
  groq: { label: 'Groq', methods: apiKey, envVar: 'GROQ_API_KEY' },
  xai: { label: 'xAI', methods: apiKey, envVar: 'XAI_API_KEY' },
  'deep-infra': { label: 'DeepInfra', methods: apiKey },
  cerebras: { label: 'Cerebras', methods: apiKey },
  cohere: { label: 'Cohere', methods: apiKey },
  'together-ai': { label: 'Together AI', methods: apiKey },
  perplexity: { label: 'Perplexity', methods: apiKey },
  'github-copilot': {
    label: 'GitHub Copilot',
    methods: [{ label: 'GitHub Copilot', type: 'oauth' }],
    envVar: null,
    page: 'https://github.com/login/device',
  },
  custom: { label: 'Custom', methods: apiKey },
};

/** The contract's four types that have a login, whether or not this version's OpenCode knows it. */
export const usesOauth = (slug: ProviderSlug): boolean =>
  providerTypes[slug].methods.some(({ type }) => type === 'oauth');
