import type { providerCalls } from '../../shared/calls/providers.ts';
import { oneByOne } from '../process/one-by-one.ts';
import { changeProvider, removeProvider } from '../providers/change.ts';
import { explained, type ProviderContext } from '../providers/context.ts';
import { makeDefault } from '../providers/default.ts';
import { Logins } from '../providers/logins.ts';
import { settle } from '../providers/settle.ts';
import { look, offersIn, providerIn, providersIn } from '../providers/view.ts';
import type { RepliesTo } from './replies.ts';

/**
 * Providers of models (contract §2.6, §2.7). What goes out has never a key in it: `shared/calls/providers.ts` has no
 * field for one.
 */
export const providerReplies = (context: ProviderContext): RepliesTo<typeof providerCalls> => {
  const exclusively = oneByOne(); // Two dashboards may act at once.
  const logins = new Logins(context);
  return {
    models: () => explained(async () => ({ providers: offersIn(await look(context)) })),
    list: () => explained(async () => providersIn(await look(context))),
    get: ({ id }) => explained(async () => providerIn(await look(context), id)),
    create: ({ id, api_key, ...change }) => {
      const key = api_key === null ? {} : { api_key };
      return explained(async () =>
        providerIn(await exclusively(() => changeProvider(context, id, { ...change, ...key })), id),
      );
    },
    update: ({ id, ...change }) =>
      explained(async () => providerIn(await exclusively(() => changeProvider(context, id, change)), id)),
    remove: ({ id }) => explained(async () => ({ text: await exclusively(() => removeProvider(context, id)) })),
    makeDefault: ({ id, model }) =>
      explained(async () => providerIn(await exclusively(() => makeDefault(context, id, model)), id)),
    beginLogin: ({ id, method_index }) => explained(() => logins.begin(id, method_index)),
    endLogin: ({ id, method_index, code }) =>
      explained(async () => {
        await logins.end(id, method_index, code);
        return providerIn(await exclusively(() => settle(context)), id);
      }),
  };
};
