/**
 * Environment variables that hold a provider's API key, by the provider's id in OpenCode's catalogue; the first one set
 * counts. Only providers that need nothing but a key: others (Azure, Bedrock, Vertex) are set up in OpenCode's own
 * config.
 */
export const providerKeyVariables: Readonly<Record<string, readonly string[]>> = {
  anthropic: ['ANTHROPIC_API_KEY'],
  openai: ['OPENAI_API_KEY'],
  google: ['GOOGLE_GENERATIVE_AI_API_KEY', 'GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  openrouter: ['OPENROUTER_API_KEY'],
  groq: ['GROQ_API_KEY'],
  mistral: ['MISTRAL_API_KEY'],
  xai: ['XAI_API_KEY'],
  deepseek: ['DEEPSEEK_API_KEY'],
  opencode: ['OPENCODE_API_KEY'],
  vercel: ['AI_GATEWAY_API_KEY'],
  togetherai: ['TOGETHER_API_KEY'],
  'fireworks-ai': ['FIREWORKS_API_KEY'],
  cerebras: ['CEREBRAS_API_KEY'],
  cohere: ['COHERE_API_KEY'],
  perplexity: ['PERPLEXITY_API_KEY'],
  deepinfra: ['DEEPINFRA_API_KEY'],
  moonshotai: ['MOONSHOT_API_KEY'],
  zai: ['ZHIPU_API_KEY'],
  minimax: ['MINIMAX_API_KEY'],
  alibaba: ['DASHSCOPE_API_KEY'],
  nvidia: ['NVIDIA_API_KEY'],
  huggingface: ['HF_TOKEN'],
};

/** The keys in an environment and the variables they are in, by provider id. */
export const providerKeysIn = (
  env: Readonly<Record<string, string | undefined>>,
): Record<string, { name: string; key: string }> =>
  Object.fromEntries(
    Object.entries(providerKeyVariables).flatMap(([provider, names]) => {
      const name = names.find((each) => env[each]?.trim());
      const key = name && env[name]?.trim();
      return name && key ? [[provider, { name, key }]] : [];
    }),
  );
