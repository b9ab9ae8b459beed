import type { LiveTurn } from '../../shared/events.ts';
import type { TurnId } from '../../shared/ids.ts';

/** The turns that run on this host: the evidence for "running" (protocol §2 `turns`). */
export class LiveTurns {
  readonly #turns = new Map<TurnId, LiveTurn>();
  readonly #changed: () => void;

  /** `changed` is called when a turn comes, goes or changes its state, not for mere activity. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  list(): LiveTurn[] {
    return [...this.#turns.values()];
  }

  add(turn: LiveTurn): void {
    this.#turns.set(turn.turn, { ...turn });
    this.#changed();
  }

  remove(turn: TurnId): void {
    if (this.#turns.delete(turn)) this.#changed();
  }

  state(turn: TurnId, state: LiveTurn['state']): void {
    const live = this.#turns.get(turn);
    if (!live || live.state === state) return;
    live.state = state;
    this.#changed();
  }

  /** OpenCode said something about the turn at `at` (ms). */
  active(turn: TurnId, at: number): void {
    const live = this.#turns.get(turn);
    if (live) live.last_activity = at;
  }
}
