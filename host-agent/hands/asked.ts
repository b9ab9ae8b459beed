import type { Redactor } from '../process/redact.ts';
import type { Ask } from './call/outcome.ts';

/** Asks whose patterns hold a known secret, which leave the hands without it and come back granted. */
export interface Asked {
  /** What people may see of the asks of a call. */
  redact(call: string, asks: readonly Ask[], redactor: Redactor): Ask[];
  /** The asks of a call as they were, of what was granted as people saw it. */
  restore(call: string, granted: readonly Ask[]): Ask[];
}

/** A person may take days to answer; what is older than these is asked again. */
const kept = 1_000;

export const createAsked = (): Asked => {
  const originals = new Map<string, Ask>();
  return {
    redact: (call, asks, redactor) =>
      asks.map((ask) => {
        const shown: Ask = {
          permission: ask.permission,
          patterns: ask.patterns.map(redactor.text),
          always: ask.always.map(redactor.text),
          metadata: redacted(ask.metadata, redactor),
        };
        if (JSON.stringify(shown.patterns) !== JSON.stringify(ask.patterns)) {
          originals.set(keyOf(call, shown), ask);
          for (const oldest of [...originals.keys()].slice(0, -kept)) originals.delete(oldest);
        }
        return shown;
      }),
    restore: (call, granted) => granted.map((ask) => originals.get(keyOf(call, ask)) ?? ask),
  };
};

/** Values under their names, of which each may be anything. */
export const redacted = (values: Record<string, unknown>, redactor: Redactor): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [redactor.text(name), redactor.deep(value)]));

const keyOf = (call: string, { permission, patterns }: Ask): string => JSON.stringify([call, permission, patterns]);
