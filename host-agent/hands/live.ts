import type { HandsEvent } from './told.ts';

type Without<T> = T extends unknown ? Omit<T, 'number'> : never;
/** An event before it has its number. */
export type NewEvent = Without<HandsEvent>;

/** Of an owner, or (null) of several, some events up to a number are not kept any more. */
export interface Lost {
  owner: string | null;
  upTo: number;
}

/** What happened to calls lately, for readers that may be away. */
export interface Live {
  add(event: NewEvent): void;
  /** The first event after a number, and up to which one each owner's are incomplete; undefined when nothing is new. */
  after(number: number): { event: HandsEvent; lost: Lost[] } | undefined;
  /** The number of the newest. */
  last(): number;
  /** Calls `then` after each event; the result ends that. */
  onEvent(then: () => void): () => void;
}

/**
 * Kept of each owner: what commands printed, a few screens of it; and that calls began and ended, with a view each.
 * Apart, so that one that prints without end pushes out no result; by owner, so that nobody pushes out another's.
 */
const outputChars = 128 * 1024;
const factChars = 256 * 1024;
/** An event's own fields, roughly: so that single characters are not kept by the hundred thousand. */
const eventChars = 300;
/** At once; of an owner beyond these, who did nothing for the longest time, nothing is kept. */
const maxOwners = 32;

interface Kept {
  events: HandsEvent[];
  chars: number;
}

interface OwnersEvents {
  outputs: Kept;
  facts: Kept;
  /** The newest number that is not kept any more. */
  lostUpTo: number;
}

export const createLive = (): Live => {
  /** In the order of who did something last. */
  const owners = new Map<string, OwnersEvents>();
  const listeners = new Set<() => void>();
  let last = 0;
  let forgottenUpTo = 0;

  const of = (owner: string): OwnersEvents => {
    const found = owners.get(owner) ?? {
      outputs: { events: [], chars: 0 },
      facts: { events: [], chars: 0 },
      lostUpTo: 0,
    };
    owners.delete(owner);
    owners.set(owner, found);
    for (const [name, { outputs, facts }] of owners) {
      if (owners.size <= maxOwners) break;
      owners.delete(name);
      forgottenUpTo = Math.max(forgottenUpTo, outputs.events.at(-1)?.number ?? 0, facts.events.at(-1)?.number ?? 0);
    }
    return found;
  };

  return {
    add: (event) => {
      const numbered: HandsEvent = { ...event, number: ++last };
      const found = of(event.owner);
      const [kept, limit] = event.type === 'output' ? [found.outputs, outputChars] : [found.facts, factChars];
      kept.events.push(numbered);
      kept.chars += sizeOf(numbered);
      while (kept.chars > limit) {
        const oldest = kept.events.shift();
        if (!oldest) break;
        kept.chars -= sizeOf(oldest);
        found.lostUpTo = Math.max(found.lostUpTo, oldest.number);
      }
      for (const then of listeners) then();
    },
    after: (number) => {
      const firsts = [...owners.values()].flatMap(({ outputs, facts }) => [
        firstAfter(outputs.events, number),
        firstAfter(facts.events, number),
      ]);
      const event = firsts.reduce(
        (least, one) => (one && (!least || one.number < least.number) ? one : least),
        undefined,
      );
      if (!event) return undefined;
      const lost: Lost[] = [...owners].map(([owner, { lostUpTo }]) => ({ owner, upTo: lostUpTo }));
      return { event, lost: [...lost, { owner: null, upTo: forgottenUpTo }].filter(({ upTo }) => upTo > number) };
    },
    last: () => last,
    onEvent: (then) => {
      listeners.add(then);
      return () => listeners.delete(then);
    },
  };
};

const sizeOf = (event: HandsEvent): number => {
  if (event.type === 'output') return eventChars + event.text.length;
  return eventChars + (event.type === 'ended' ? JSON.stringify(event).length : 0);
};

/** The events of one list have growing numbers. */
const firstAfter = (events: readonly HandsEvent[], number: number): HandsEvent | undefined => {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.number ?? 0) > number) high = middle;
    else low = middle + 1;
  }
  return events[low];
};
