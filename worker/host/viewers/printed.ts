import type { Output } from '../../../shared/frames.ts';
import type { Recorded } from '../record/record.ts';
import { LiveOutputs } from '../text/outputs.ts';
import type { Audience, ViewerState } from './audience.ts';
import { outputBytes } from './frame.ts';
import type { Visible } from './visible.ts';

/** A piece that is new, and whose it is. */
interface Fresh {
  output: Output;
  owner: string;
}

/** What calls printed in one step of the object, for one audience. */
export interface PrintedNow {
  /** What goes before the row: of a call that has its result by it. */
  before(row: Recorded['row']): string;
  /** The rest. */
  rest(): string;
}

/** What running calls print, as viewers of the delta rendering are shown it (protocol §3 "Live output"). */
export class Printed {
  readonly #visible: Visible;
  readonly #live = new LiveOutputs();

  constructor(visible: Visible) {
    this.#visible = visible;
  }

  /** Takes what came of missions that are here and not deleted; out: what of it is new. */
  take(outputs: readonly Output[], nowMs: number): Fresh[] {
    return outputs.flatMap((each) => {
      const owner = this.#visible.ownerOf(each.mission);
      const output = owner === null ? null : this.#live.add(owner, each, nowMs);
      return owner === null || output === null ? [] : [{ output, owner }];
    });
  }

  /** What of it an audience is shown; the existing apps know nothing of it. */
  forAudience({ state, sockets }: Audience, fresh: readonly Fresh[], nowMs: number): PrintedNow {
    const shown = new Map<string, string>();
    if (state.rendering === 'delta')
      for (const { output, owner } of fresh)
        if (this.#visible.mission(state, output.mission) && this.#live.mayShow(owner, output, sockets.length, nowMs))
          shown.set(output.call, (shown.get(output.call) ?? '') + outputBytes(output));
    return {
      before: ({ event }) => {
        if (shown.size === 0 || 'unknown' in event || event.type !== 'tool.result') return '';
        const bytes = shown.get(event.tool_call_id) ?? '';
        shown.delete(event.tool_call_id);
        return bytes;
      },
      rest: () => [...shown.values()].join(''),
    };
  }

  /** What a row ends. */
  forget({ event, mission }: Recorded['row']): void {
    if (mission === null || 'unknown' in event) return;
    if (event.type === 'tool.result') {
      const owner = this.#visible.ownerOf(mission);
      if (owner !== null) this.#live.end(owner, mission, event.tool_call_id);
    }
    if (event.type === 'turn.ended' || event.type === 'mission.deleted') this.#live.endAll(mission);
  }

  /** For the snapshot of who joins. */
  present(state: ViewerState): object[] {
    return this.#live
      .of(state.owner)
      .filter(({ mission }) => this.#visible.mission(state, mission))
      .map(({ mission, call, off, text }) => ({ mission_id: mission, tool_call_id: call, off, text }));
  }
}
