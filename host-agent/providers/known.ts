/** What the contract's providers are in OpenCode 1.18, and what it cannot do with them. */
import { type ProviderSlug, providerSlug } from '../../shared/providers.ts';

/** Where OpenCode's catalogue has another id than the contract. */
const ids: Partial<Record<ProviderSlug, string>> = {
  'open-router': 'openrouter',
  'deep-infra': 'deepinfra',
  'together-ai': 'togetherai',
};

/** The provider's id in OpenCode. */
export const openCodeId = (slug: ProviderSlug): string => ids[slug] ?? slug;

export const slugOf = (id: string): ProviderSlug | null =>
  providerSlug.options.find((slug) => openCodeId(slug) === id) ?? null;

/**
 * Labels of logins in OpenCode and its plugins, for the contract's login methods by their index: found by what it is
 * called, since their order changes with plugins. OpenAI has two; the one in a browser opens a port of this server to
 * everyone and returns to `localhost` (opencode §10.9), so both of the contract's are the one for machines without a
 * browser.
 */
const logins: Partial<Record<ProviderSlug, readonly RegExp[]>> = {
  anthropic: [/claude pro\/max/i, /create an api key/i],
  openai: [/headless/i, /headless/i],
  google: [/gemini|google/i],
  'github-copilot': [/github copilot/i],
};

export const loginLabel = (slug: ProviderSlug, index: number): RegExp | null => logins[slug]?.[index] ?? null;

/** Why a provider can't be connected by a key given to us; null where it can. */
export const keyRefusal = (slug: ProviderSlug, baseUrl: string | null): string | null => {
  switch (slug) {
    case 'custom':
      return 'OpenCode has to be told the models of a custom provider: describe it in OPENCODE_CONFIG_CONTENT of this server (provider.<id> with npm, options and models).';
    case 'amazon-bedrock':
      // It puts the key into its process's environment, which its tools inherit (read in 1.18.33).
      return "OpenCode would show this key to the agent's commands. Give it in OPENCODE_CONFIG_CONTENT of this server instead (provider.amazon-bedrock.options.apiKey): there it is kept in a file.";
    case 'github-copilot':
      return 'GitHub Copilot has no API key: connect it by its login.';
    case 'azure':
      return baseUrl === null ? 'Azure OpenAI needs the base URL of your resource besides the key.' : null;
    default:
      return null;
  }
};
