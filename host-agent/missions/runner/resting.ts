import type { OpenCodeEvent, Session } from '../../opencode/api/events.ts';
import { rulesToAdd } from '../../opencode/api/session-rules.ts';

/** Where a turn works. */
interface Place {
  session: string;
  directory: string;
}

/**
 * What the turn before has shown of a mission's session, for as long as nothing else is heard of it: that it is there,
 * has the rules it should have, and does nothing. The next message of the same OpenCode process need not ask for it
 * again, which a person would wait for. Whatever is not known to be harmless makes it unknown, and so does a gap in
 * what is heard.
 */
export class Resting {
  readonly #permissive: boolean;
  #rest: (Place & { process: string }) | null = null;

  constructor(permissive: boolean) {
    this.#permissive = permissive;
  }

  /** The OpenCode process has said that the session does nothing; null while none is there. */
  sawIdle({ session, directory }: Place, process: string | null): void {
    this.#rest = process === null ? null : { session, directory, process };
  }

  unknown(): void {
    this.#rest = null;
  }

  heard(events: readonly OpenCodeEvent[]): void {
    if (this.#rest && !events.every((event) => this.#isHarmless(event))) this.#rest = null;
  }

  /** True where all of this is still as the turn before left it. */
  isKnown({ session, directory }: Place, process: string | null): boolean {
    const rest = this.#rest;
    return rest?.session === session && rest.directory === directory && rest.process === process;
  }

  /** The end of a turn is said twice, and its session is stored with a new time or a sum of its changes. */
  #isHarmless(event: OpenCodeEvent): boolean {
    if (event.kind === 'status') return event.status === 'idle';
    return event.kind === 'durable' && event.fact.kind === 'session' && this.#hasItsRules(event.fact.session);
  }

  #hasItsRules({ permission }: Session): boolean {
    return rulesToAdd(permission ?? [], this.#permissive).length === 0;
  }
}
