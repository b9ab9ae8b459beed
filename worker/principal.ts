import { AppError } from '../shared/errors.ts';
import type { Scope } from '../shared/scopes.ts';

/** A login with a password, as its token says it. It ends by its expiry, by a changed password, or by being ended. */
export interface Login {
  id: string;
  /** Shared by all logins of the user that were made since all of them were ended last (worker/account/logins). */
  generation: string;
  /** Says which password it was made with (worker/auth/mode). */
  passwordMark: string;
  expiresAtMs: number;
  /** Until when it is let in: a minute later, for clocks that differ (contract §1.2). */
  endsAtMs: number;
}

/**
 * On whose behalf something is done: the only thing that says what may be done, from the gate to a call to a server.
 */
export interface Principal {
  /** `id` is the owner of missions. */
  user: { id: string; name: string };
  /** The login whose token was shown; null where authentication is off on this machine. */
  login: Login | null;
  scopes: readonly Scope[];
}

export const may = ({ scopes }: Principal, needed: Scope): boolean => scopes.includes(needed);

/** Throws 403 for a principal that may not; `refusal` says so in better words than these, where there are some. */
export const requireScope = (principal: Principal, needed: Scope, refusal?: string): void => {
  if (may(principal, needed)) return;
  if (needed === 'admin') throw new AppError('forbidden', refusal ?? 'Only an admin may do this');
  throw new AppError('forbidden', `This login may not do this: it lacks the scope \`${needed}\``);
};
