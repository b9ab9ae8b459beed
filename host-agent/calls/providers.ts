import {
  beginLogin,
  createProvider,
  endLogin,
  getProvider,
  listProviders,
  makeDefaultProvider,
  offeredModels,
  removeProvider as removeProviderCall,
  updateProvider,
} from '../../shared/calls/providers.ts';
import { changeProvider, removeProvider } from '../providers/change.ts';
import { explained, oneByOne, type ProviderSide } from '../providers/context.ts';
import { makeDefault } from '../providers/default.ts';
import { Logins } from '../providers/logins.ts';
import { settle } from '../providers/settle.ts';
import { look, offersIn, providerIn, providersIn } from '../providers/view.ts';
import { type Answer, answer } from './replies.ts';

/** Providers of models (contract §2.6, §2.7). What goes out has never a key in it: `shared/calls/providers.ts` has no field for one. */
export const providerAnswers = (side: ProviderSide): Answer[] => {
  const alone = oneByOne();
  const logins = new Logins(side);
  return [
    answer(offeredModels, () => explained(async () => ({ providers: offersIn(await look(side)) }))),
    answer(listProviders, () => explained(async () => providersIn(await look(side)))),
    answer(getProvider, ({ id }) => explained(async () => providerIn(await look(side), id))),
    answer(createProvider, ({ id, api_key, ...wish }) => {
      const key = api_key === null ? {} : { api_key };
      return explained(async () => providerIn(await alone(() => changeProvider(side, id, { ...wish, ...key })), id));
    }),
    answer(updateProvider, ({ id, ...wish }) =>
      explained(async () => providerIn(await alone(() => changeProvider(side, id, wish)), id)),
    ),
    answer(removeProviderCall, ({ id }) =>
      explained(async () => ({ text: await alone(() => removeProvider(side, id)) })),
    ),
    answer(makeDefaultProvider, ({ id, model }) =>
      explained(async () => providerIn(await alone(() => makeDefault(side, id, model)), id)),
    ),
    answer(beginLogin, ({ id, method_index }) => explained(() => logins.begin(id, method_index))),
    answer(endLogin, ({ id, method_index, code }) =>
      explained(async () => {
        await logins.end(id, method_index, code);
        return providerIn(await alone(() => settle(side)), id);
      }),
    ),
  ];
};
