import * as z from 'zod';
import { at, type OpenCodeCall } from './call.ts';
import type { Model } from './prompt.ts';

const seeing = z.object({ capabilities: z.object({ input: z.object({ image: z.boolean() }) }) });
/** Nothing else is kept of an answer that has keys in it. */
const providers = z.object({
  providers: z.array(z.object({ id: z.string(), models: z.record(z.string(), z.unknown()) })),
});

/** True when OpenCode says that the model takes images; another model would get an error text in their place. */
export const takesImages = async (call: OpenCodeCall, directory: string, model: Model): Promise<boolean> => {
  const answer = await call('GET', `/config/providers${at(directory)}`, providers);
  const found = answer.providers.find(({ id }) => id === model.providerID)?.models[model.modelID];
  return seeing.safeParse(found).data?.capabilities.input.image ?? false;
};
