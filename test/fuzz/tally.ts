/** What became of the frames, said at the end of a run. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(what: string, count = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + count);
  }

  toString(): string {
    return [...this.#counts].map(([what, count]) => `${what}: ${count}`).join(', ');
  }
}
