import type { Bindings } from '../env.ts';
import type { Account } from './object.ts';

/** The object of a user. Cast, because `Env` does not know our classes (their types would lead back to it). */
export const accountOf = (env: Pick<Bindings, 'ACCOUNT'>, owner: string): DurableObjectStub<Account> =>
  env.ACCOUNT.getByName(owner) as DurableObjectStub<Account>;
