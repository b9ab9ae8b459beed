import { randomUUID } from 'node:crypto';
import { OpenCodeAway } from '../opencode/api/failure.ts';
import type { ProviderFile } from './file.ts';

/**
 * Which directories' OpenCode instances have not seen the last change of credentials or settings: OpenCode reads both
 * when an instance is made (opencode §10.9), so these are to be disposed before their next turn, and never during one.
 * A new OpenCode process has seen everything; the change is kept in the file, because instances outlive this process.
 */
export class Renewal {
  readonly #file: ProviderFile;
  readonly #process: () => string;
  readonly #seen = new Map<string, string>();

  /** `process`: the OpenCode process; may throw OpenCodeAway. */
  constructor(file: ProviderFile, process: () => string) {
    this.#file = file;
    this.#process = process;
  }

  /** Something has changed now. Throws OpenCodeAway. */
  async changed(): Promise<void> {
    const change = { instance: this.#process(), id: randomUUID() };
    await this.#file.change((now) => ({ ...now, change }));
    this.#seen.clear();
  }

  isDue(directory: string): boolean {
    const { change } = this.#file.get();
    if (change === null || this.#seen.get(directory) === change.id) return false;
    try {
      return this.#process() === change.instance;
    } catch (error) {
      if (error instanceof OpenCodeAway) return false; // Nothing runs that could be old.
      throw error;
    }
  }

  /** The directory's instance was disposed, or never was. */
  done(directory: string): void {
    const { change } = this.#file.get();
    if (change) this.#seen.set(directory, change.id);
  }
}
