import { AppError } from '../../shared/errors.ts';
import { type ProviderSlug, providerTypes } from '../../shared/providers.ts';
import type { ConnectedProvider } from '../opencode/api/connected-providers.ts';
import type { ProviderContext } from './context.ts';
import type { ProviderFile } from './file.ts';
import { openCodeId } from './known.ts';
import { liveIn, look, type View } from './view.ts';

/** Makes a provider that of messages which name no model. Throws AppError when that would have no effect. */
export const makeDefault = async (
  context: ProviderContext,
  slug: ProviderSlug,
  model: string | null,
): Promise<View> => {
  const view = await look(context);
  const { label } = providerTypes[slug];
  if (view.away !== null) throw new AppError('unavailable', view.away);
  if (context.defaultModel !== null && (view.defaultId !== openCodeId(slug) || model !== null)) {
    const text = `DEFAULT_MODEL=${context.defaultModel} in the configuration of this server wins. Remove it there to choose a default here.`;
    throw new AppError('bad_request', text);
  }
  const live = liveIn(view, slug);
  if (!live) throw new AppError('bad_request', `${label} is not connected. Connect it, then make it the default.`);
  if (model !== null && !live.models[model])
    throw new AppError('bad_request', `${label} has no model "${model}" that an agent can work with.`);
  if (live.defaultModel === null)
    throw new AppError('bad_request', `${label} has no model that an agent can work with.`);
  await context.file.change((now) => ({ ...now, default: { provider: slug, model } }));
  return look(context);
};

/**
 * The model, as `provider/model`, of the provider that a person made the default; null when none is, or it is not
 * connected.
 */
export const preferredModel = async (
  file: ProviderFile,
  connected: () => Promise<readonly ConnectedProvider[]>,
): Promise<string | null> => {
  const chosen = file.get().default;
  if (chosen === null) return null;
  const id = openCodeId(chosen.provider);
  const live = (await connected()).find((each) => each.id === id);
  const model = chosen.model !== null && live?.models[chosen.model] ? chosen.model : live?.defaultModel;
  return model ? `${id}/${model}` : null;
};
