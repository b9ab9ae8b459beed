import { within } from '../../shared/clock.ts';
import type { HostRow } from '../directory/hosts.ts';
import type { Env } from '../env.ts';
import { logError } from '../log.ts';
import { keepNewest } from '../newest.ts';
import { callObject } from './object.ts';

/** What an object said counts for so long: whoever asks again and again wakes it six times a minute at most. */
const goodForMs = 10_000;
/** An object that does not answer within this is left as D1 has it. */
const patienceMs = 5_000;
/** Servers that an isolate remembers; 100 bytes each. */
const mostKnown = 10_000;

const known = new Map<string, { isHeard: boolean; untilMs: number }>();

/**
 * Which of the servers that D1 calls connected are heard of now: of one that went without a word (a cable, a power cut)
 * D1 learns only after a while (worker/host/effects/connected), and its own object knows when it was heard of last.
 * Asking wakes the object, so only who wants to know it exactly does. Never throws: where an object fails D1's word
 * counts.
 */
export const heardOf = async (env: Env, hosts: readonly HostRow[]): Promise<(id: string) => boolean> => {
  const connected = hosts.filter(({ connectedSince }) => connectedSince !== null);
  const answers = await Promise.all(connected.map(async ({ id }) => [id, await isHeard(env, id)] as const));
  const silent = new Set(answers.flatMap(([id, isHeard]) => (isHeard ? [] : [id])));
  return (id) => !silent.has(id);
};

const isHeard = async (env: Env, id: string): Promise<boolean> => {
  const last = known.get(id);
  const nowMs = env.clock.steadyMs();
  if (last && nowMs < last.untilMs) return last.isHeard;
  try {
    const asked = callObject(env, id, (object) => object.isHeard());
    const answer = await within(env.clock, patienceMs, asked, () => null);
    if (answer === null) return true;
    keepNewest(known, mostKnown, id, { isHeard: answer, untilMs: nowMs + goodForMs });
    return answer;
  } catch (cause) {
    logError('host.not_looked_at', cause, { host: id });
    return true;
  }
};
