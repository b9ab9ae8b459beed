import * as limits from '../../shared/limits.ts';

/** Every wait of the link, in milliseconds, so that tests can shorten them without changing what they test. */
export interface LinkTimes {
  pingMs: number;
  silenceMs: number;
  redialMinMs: number;
  redialMaxMs: number;
  replacedMinMs: number;
  replacedMaxMs: number;
  /** Wait after a refusal that only a person can mend (credential, version), doubling from the first to the second. */
  refusedMinMs: number;
  refusedMaxMs: number;
  turnsMs: number;
}

/**
 * A refusal is mended by enrolling again or updating; a launcher that is still setting up its edge mends it in seconds.
 */
export const linkTimes: LinkTimes = {
  pingMs: limits.pingMs,
  silenceMs: limits.silenceMs,
  redialMinMs: limits.redialMinMs,
  redialMaxMs: limits.redialMaxMs,
  replacedMinMs: limits.replacedMinMs,
  replacedMaxMs: limits.replacedMaxMs,
  refusedMinMs: 2_000,
  refusedMaxMs: 60_000,
  turnsMs: limits.turnsMs,
};
