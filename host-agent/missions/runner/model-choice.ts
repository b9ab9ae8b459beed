import { AppError } from '../../../shared/errors.ts';
import type { Model } from '../../opencode/api/prompt.ts';
import type { MissionContext } from '../context.ts';

/** `provider/model`; the provider ends at the first slash (contract §5.4). Null when there is none. */
export const splitModel = (text: string): Model | null => {
  const slash = text.indexOf('/');
  return slash > 0 && slash < text.length - 1
    ? { providerID: text.slice(0, slash), modelID: text.slice(slash + 1) }
    : null;
};

/**
 * The model a prompt is sent with. It is always named, because OpenCode would otherwise take that of the last message,
 * even a broken one (opencode §6.2). Order: the message's, DEFAULT_MODEL, that of the provider a person made the
 * default, OpenCode's configured one, its first connected provider's. Throws AppError with what to do when there is
 * none.
 */
export const chooseModel = async (
  { client, defaults }: Pick<MissionContext, 'client' | 'defaults'>,
  directory: string,
  wanted: string | null,
): Promise<Model> => {
  const ours = wanted ?? defaults.model ?? (await defaults.preferred(directory));
  const named = ours ?? (await client.configuredModel(directory));
  const model = named === null ? await client.firstModel(directory) : splitModel(named);
  if (model) return model;
  throw new AppError(
    'unprocessable',
    named === null
      ? 'There is no model to work with. Set DEFAULT_MODEL to provider/model, or connect a provider (in the settings of the dashboard, or by its API key in the environment of the server), and send the message again.'
      : `"${named}" names no model. It has to be provider/model, for example anthropic/claude-sonnet-4-5.`,
  );
};
