import { allCalls } from '../../../shared/calls/calls.ts';
import { neededScope } from '../../../shared/scopes.ts';
import { may, type Principal } from '../../principal.ts';
import { type Reply, refuse, reply } from '../replies.ts';

/** Whether a user has a mission here. */
const isResident = (sql: SqlStorage, owner: string): boolean =>
  sql.exec('SELECT 1 FROM missions WHERE owner = ? AND deleted_at IS NULL LIMIT 1', owner).toArray().length > 0;

/**
 * Whether somebody may ask this server what is declared (shared/calls). The Worker has compared the scopes before; who
 * works here only the object knows, and it asks no D1 for it.
 */
export const mayAsk = (sql: SqlStorage, asker: Principal, method: string): Reply<null> => {
  const declared = allCalls.find((call) => call.method === method);
  if (!declared) return refuse('not_found', `There is no call ${method}.`);
  if (!may(asker, neededScope(declared.who, declared.does)))
    return refuse('forbidden', `This login may not ask a server for ${method}.`);
  if (declared.who !== 'resident' || may(asker, 'admin') || isResident(sql, asker.user.id)) return reply(null);
  return refuse('forbidden', notResident);
};

const notResident =
  'You have no mission on this server: what its machine is and does is shown to those who work there, and to admins.';
