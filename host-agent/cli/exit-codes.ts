/** How the commands of a person end, for scripts. */
import { StartError } from '../config/start-error.ts';
import { BadUse } from './bad-use.ts';
import { NoAnswer, Refused } from './edge-api.ts';

export const exitCode = {
  completed: 0,
  /** The mission's turn did not complete, or the edge refused what was asked. */
  failed: 1,
  misused: 2,
  notLoggedIn: 3,
  notReached: 4,
  /** 128 + SIGINT, as a shell has it. */
  interrupted: 130,
} as const;

/** The code for an error that ended a command. */
export const exitCodeOf = (error: unknown): number => {
  if (error instanceof BadUse) return exitCode.misused;
  if (error instanceof NotLoggedIn) return exitCode.notLoggedIn;
  if (error instanceof Refused) {
    return error.status === 401 || error.status === 403 ? exitCode.notLoggedIn : exitCode.failed;
  }
  // An edge that answers "not now" was reached; a gateway that answers for it was not.
  if (error instanceof NoAnswer) return isEdgeAway(error) ? exitCode.notReached : exitCode.failed;
  return exitCode.failed;
};

/** Nobody is known to work on this computer's requests; asking again may help. */
export const isEdgeAway = ({ status }: NoAnswer): boolean => status === undefined || status === 502 || status === 504;

/** There is no token for this edge. */
export class NotLoggedIn extends StartError {}
