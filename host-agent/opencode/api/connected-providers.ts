import * as z from 'zod';
import { at, type OpenCodeCall } from './call.ts';

const model = z.object({
  id: z.string(),
  name: z.string(),
  release_date: z.string().catch(''),
  capabilities: z.object({ toolcall: z.boolean() }).catch({ toolcall: true }),
});
/** Only what is named here is kept of an answer that has keys in it. */
const providers = z.object({
  providers: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      source: z.string(),
      options: z.object({ baseURL: z.string().optional().catch(undefined) }).catch({}),
      models: z.record(z.string(), model),
    }),
  ),
  default: z.record(z.string(), z.string()),
});
export type ConnectedProvider = z.infer<typeof providers>['providers'][number] & { defaultModel: string | null };

/**
 * The providers that OpenCode can use in a directory, each with the models an agent can work with. Not `GET /provider`:
 * listing all there are costs OpenCode 370 MB of memory (measured).
 */
export const connectedProviders = async (call: OpenCodeCall, directory: string): Promise<ConnectedProvider[]> => {
  const answer = await call('GET', `/config/providers${at(directory)}`, providers);
  return answer.providers.map((each) => {
    const models = Object.fromEntries(Object.entries(each.models).filter(([, one]) => canWork(one)));
    return { ...each, models, defaultModel: defaultModel(models, answer.default[each.id]) };
  });
};

type ProviderModel = z.infer<typeof model>;

/**
 * Whether an agent can work with this model, which must be able to call tools; the catalogue also has models for speech
 * and pictures.
 */
const canWork = ({ capabilities }: ProviderModel): boolean => capabilities.toolcall;

/**
 * OpenCode's default is the last by name, for some providers a model for speech (measured): then the newest that can
 * work.
 */
const defaultModel = (models: Record<string, ProviderModel>, theirs: string | undefined): string | null => {
  if (theirs !== undefined && models[theirs]) return theirs;
  const newest = Object.entries(models).toSorted(([, a], [, b]) => b.release_date.localeCompare(a.release_date))[0];
  return newest?.[0] ?? null;
};
