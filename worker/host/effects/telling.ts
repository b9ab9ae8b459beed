import type { Clock } from '../../../shared/clock.ts';
import { accountOf } from '../../account/account-of.ts';
import type { ServerChange } from '../../account/servers.ts';
import type { Bindings } from '../../env.ts';
import type { HostContext, HostDirectory } from '../context.ts';

/** The accounts of users, as the object asks and tells them; rejects where one can't be reached. */
export interface AccountsAsked {
  tell: (owner: string, change: ServerChange) => Promise<void>;
  /** Those of these missions that the account knows on another server than this. */
  elsewhere: (owner: string, server: string, missions: string[]) => Promise<string[]>;
}

export const accountsOf = (env: Pick<Bindings, 'ACCOUNT'>): AccountsAsked => ({
  tell: (owner, change) => accountOf(env, owner).serverChanged(change),
  elsewhere: (owner, server, missions) => accountOf(env, owner).elsewhere(server, missions),
});

/** What effects are brought about with. */
export interface Telling {
  host: HostContext;
  directory: HostDirectory;
  accounts: AccountsAsked;
  /** The ids of those who are admins now. */
  admins: () => readonly string[];
  /** Missions were taken back that the host has no right to; `text` says to it why. */
  onTakenBack: (text: string) => void;
  clock: Clock;
}
