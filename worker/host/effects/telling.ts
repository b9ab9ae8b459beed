import type { Clock } from '../../../shared/clock.ts';
import type { ServerChange } from '../../account/servers.ts';
import type { HostContext, HostDirectory } from '../context.ts';

/** What effects are brought about with. */
export interface Telling {
  host: HostContext;
  directory: HostDirectory;
  /** Tells the account of an owner; rejects where it could not be told. */
  tellAccount: (owner: string, change: ServerChange) => Promise<void>;
  clock: Clock;
}
