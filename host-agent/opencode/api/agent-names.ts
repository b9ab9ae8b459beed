import { maxReportedAgents } from '../../../shared/limits.ts';
import type { Log } from '../../process/log.ts';
import type { Client } from './client.ts';

/**
 * The agents that OpenCode offers, asked for again whenever its stream opens: configuration changes with its process.
 */
export class AgentNames {
  readonly #client: Client;
  readonly #directory: string;
  readonly #log: Log;
  readonly #changed: () => void;
  #names: string[] | null = null;

  /** `directory`: asked for the agents of its configuration; `changed` is called when the list is another one. */
  constructor(client: Client, directory: string, log: Log, changed: () => void) {
    this.#client = client;
    this.#directory = directory;
    this.#log = log;
    this.#changed = changed;
  }

  /** Null while OpenCode was never asked with success. */
  names(): string[] | null {
    return this.#names;
  }

  /** Asks OpenCode; never rejects. Kept are the agents that a mission can run with. */
  async refresh(): Promise<void> {
    try {
      const all = await this.#client.agents(this.#directory);
      const chosen = all.filter(({ mode, hidden }) => mode !== 'subagent' && !hidden).map(({ name }) => name);
      // A greeting with more than the edge takes would be refused at every dial.
      const names = chosen.slice(0, maxReportedAgents);
      if (JSON.stringify(names) === JSON.stringify(this.#names)) return;
      this.#names = names;
      this.#changed();
    } catch (error) {
      // The last list stays in force; the next opening asks again.
      this.#log.warn('opencode.agents_unknown', { error });
    }
  }
}
