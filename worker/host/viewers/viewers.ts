import type { Clock } from '../../../shared/clock.ts';
import type { Delta, Output } from '../../../shared/frames.ts';
import { bareCursorRows, closeCode, pageBytes, viewerFrameChars } from '../../../shared/limits.ts';
import { sseCursor, sseEvent } from '../../../shared/sse.ts';
import { type MissionActivity, rendering, type ViewerHeader } from '../../../shared/viewer.ts';
import { close } from '../../close-socket.ts';
import type { HostContext } from '../context.ts';
import type { LogRow } from '../log/log.ts';
import { busyMissions, missionActivity } from '../missions/activity.ts';
import { getMission, type Mission } from '../missions/missions.ts';
import type { Recorded } from '../record/record.ts';
import { ThinkingPace } from '../text/pace.ts';
import { getPart, isSubAgents, LiveTexts, openParts } from '../text/parts.ts';
import { textsOf } from '../views/texts.ts';
import { type Audience, audiences, keyOf, maySee, setState, stateOf, type ViewerState } from './audience.ts';
import { deltaBytes, rowBytes, thinkingBytes, viewerFrame } from './frame.ts';
import { forgetJoined, joinedFrame } from './joined.ts';
import { Outgoing, type Slice, sliceAlone, sliceBesideOthers } from './outgoing.ts';
import { Printed } from './printed.ts';
import { snapshotOf, snapshotTextChars, textsWithin } from './snapshot.ts';
import { isShownLive, Visible } from './visible.ts';

/** What happened in one step of the object, for everyone who watches. */
export interface Happened {
  recorded: Recorded[];
  deltas: Delta[];
  /** What running calls printed. */
  outputs: Output[];
  /** Missions whose activity or queue may have changed. */
  touched: string[];
}

/** Tag of viewers' sockets among the object's. */
export const viewerTag = 'viewer';

/**
 * Everyone who watches this server, and what they have been shown. Memory here is a cache: sockets carry their own
 * state.
 */
export class Viewers {
  readonly #ctx: DurableObjectState;
  readonly #host: HostContext;
  readonly #open: LiveTexts;
  readonly #pace = new ThinkingPace();
  readonly #shownActivities = new Map<string, string>();
  readonly #visible: Visible;
  readonly #printed: Printed;
  readonly #outgoing: Outgoing;
  readonly #shownSeq = new WeakMap<WebSocket, number>();

  constructor(ctx: DurableObjectState, host: HostContext, clock: Pick<Clock, 'after'>) {
    this.#ctx = ctx;
    this.#host = host;
    this.#open = new LiveTexts(host.sql);
    this.#visible = new Visible(host.sql);
    this.#printed = new Printed(this.#visible);
    this.#outgoing = new Outgoing(clock);
  }

  /**
   * Takes a viewer's socket, of whom it was checked who that is: `rendering`, `mission` and `cursor` are what its dial
   * asks for.
   */
  accept(socket: WebSocket, who: Pick<ViewerState, 'owner' | 'isAdmin'>, dial: URLSearchParams): void {
    this.#ctx.acceptWebSocket(socket, [viewerTag]);
    const viewer = { ...who, rendering: rendering.parse(dial.get('rendering')), mission: dial.get('mission') };
    this.#join(socket, viewer, dial.get('cursor'));
  }

  /** First frame of a viewer: live at the head, or a replay from its cursor (protocol §5 Join). */
  #join(socket: WebSocket, viewer: Omit<ViewerState, 'kind' | 'mode' | 'seq'>, cursor: string | null): void {
    const seq = cursor === null ? null : this.#host.log.seqOf(cursor);
    const replays = seq !== null && seq < this.#host.log.head;
    const state: ViewerState = {
      kind: 'viewer',
      ...viewer,
      mode: replays ? 'replay' : 'live',
      seq: seq ?? this.#host.log.head,
    };
    setState(socket, state);
    const reset = cursor !== null && seq === null;
    const frame = (): string => {
      const header = this.#header(state, { mode: state.mode, reset, cursor: this.#host.log.cursorAt(state.seq) });
      const resetBytes = reset && state.rendering === 'delta' ? sseEvent('reset', { type: 'reset' }) : '';
      return viewerFrame(header, replays ? '' : resetBytes + this.#present(state));
    };
    const { sql } = this.#host;
    socket.send(replays || reset ? frame() : joinedFrame(sql, keyOf(state), frame));
  }

  /** What a viewer says: `more` asks for the next page of its replay, and it says nothing else. */
  message(socket: WebSocket, message: string | ArrayBuffer): void {
    if (message === 'more') this.#more(socket);
  }

  /** The next page of a replay; the viewer is live when it has reached the head. */
  #more(socket: WebSocket): void {
    const state = stateOf(socket);
    if (state.mode === 'live') return;
    const texts = textsOf(this.#host.sql);
    let seq: number | null = null;
    let bytes = '';
    for (const row of this.#host.log.page(state.seq)) {
      seq = row.seq;
      if (this.#visible.row(state, row))
        bytes += this.#opening(state, row) + rowBytes(state.rendering, { row }, false, texts, this.#host.log);
      // A row may be shown as far more than it is: a part that ends, with all of its text.
      if (bytes.length >= pageBytes) break;
    }
    // Nothing but rows that are gone.
    seq ??= this.#host.log.head;
    const next: ViewerState = { ...state, mode: seq >= this.#host.log.head ? 'live' : 'replay', seq };
    setState(socket, next);
    const header = this.#header(next, { mode: next.mode, reset: false, cursor: this.#host.log.cursorAt(seq) });
    const tail = next.mode === 'live' ? this.#present(next) : sseCursor(header.cursor);
    socket.send(viewerFrame(header, bytes + tail));
  }

  /** Shows what happened to everyone who may see it; call it after the transaction has committed. */
  show(happened: Happened): void {
    const { recorded, deltas } = happened;
    for (const { row, checkpoint } of recorded) {
      this.#visible.remember(row);
      this.#remember(row, checkpoint);
    }
    for (const delta of deltas) this.#open.add(delta);
    const nowMs = this.#host.now();
    const printed = this.#printed.take(happened.outputs, nowMs);
    if (deltas.length + printed.length > 0) forgetJoined(this.#host.sql);
    const changed = this.#changed(happened.touched);
    const encoded = new Map<string, string>();
    const watching = audiences(this.#ctx.getWebSockets(viewerTag));
    const isAlone = new Set(watching.map(({ state }) => state.owner)).size === 1;
    const slice = isAlone ? sliceAlone : sliceBesideOthers;
    for (const audience of watching) {
      const { state } = audience;
      const printedNow = this.#printed.forAudience(audience, printed, nowMs);
      let bytes = '';
      for (const entry of recorded) {
        if (!isShownLive(state, entry.row, entry.mission)) continue;
        const make = () =>
          this.#opening(state, entry.row) +
          rowBytes(state.rendering, entry, true, textsOf(this.#host.sql), this.#host.log);
        const shown = printedNow.before(entry.row) + cached(encoded, `${state.rendering}${entry.row.seq}`, make);
        if (bytes !== '' && bytes.length + shown.length > viewerFrameChars) {
          this.#send(audience, bytes, [], slice);
          bytes = '';
        }
        bytes += shown;
      }
      bytes += this.#inTheMaking(state, happened, encoded) + printedNow.rest();
      const visible = changed.filter(({ mission }) => maySee(state, mission)).map(({ activity }) => activity);
      this.#send(audience, bytes, visible, slice);
    }
    for (const { row } of recorded) this.#forget(row);
  }

  /** Closes every viewer's socket; each comes back with its cursor. */
  dismiss(): void {
    for (const socket of this.#ctx.getWebSockets(viewerTag))
      close(socket, closeCode.restarted, 'the log was begun anew');
  }

  #send(audience: Audience, bytes: string, changed: MissionActivity[], slice: Slice): void {
    const { head } = this.#host.log;
    const cursor = this.#host.log.cursorAt(head);
    const isPlain = changed.length === 0;
    const quiet = bytes === '' && isPlain;
    // The position is in the bytes, so a frame that changes no activity has no header and costs neither side a parse or
    // a query.
    const header = isPlain
      ? null
      : { ...this.#header(audience.state, { mode: 'live', reset: false, cursor }), changed };
    const text = viewerFrame(header, quiet ? sseCursor(cursor) : bytes);
    const sockets = audience.sockets.filter((socket) => {
      const seen = this.#shownSeq.get(socket);
      if (seen === undefined || !quiet) this.#shownSeq.set(socket, head);
      if (quiet && head - (seen ?? head) < bareCursorRows) return false;
      this.#shownSeq.set(socket, head);
      return true;
    });
    this.#outgoing.send({ ...audience, sockets }, text, slice);
  }

  /** Deltas, or the throttled whole text of the parts they belong to. */
  #inTheMaking(state: ViewerState, { recorded, deltas }: Happened, encoded: Map<string, string>): string {
    const visible = deltas.filter((delta) => this.#visible.mission(state, delta.mission));
    if (state.rendering === 'delta') return visible.map(deltaBytes).join('');
    const parts = new Map<string, string>(visible.map(({ part, mission }) => [part, mission]));
    for (const { row } of recorded) {
      if (row.event.type !== 'part.checkpoint' || 'unknown' in row.event || row.mission === null) continue;
      if (this.#visible.mission(state, row.mission)) parts.set(row.event.part, row.mission);
    }
    // Decided once per step, so that every audience gets the same.
    return [...parts]
      .map(([part, mission]) => cached(encoded, `thinking ${part}`, () => this.#thinking(part, mission)))
      .join('');
  }

  #thinking(part: string, mission: string): string {
    const known = getPart(this.#host.sql, part);
    // A sub-agent's text is shown when it has ended (views/agents.ts).
    if (known === null || known.closed || isSubAgents(known)) return '';
    const text = this.#open.text(part);
    return text !== '' && this.#pace.isDue(part, text.length, this.#host.now()) ? thinkingBytes(mission, text) : '';
  }

  /**
   * The text of a part that closes before anything of it was shown: iOS ignores a block that only closes
   * (contract §4.6).
   */
  #opening({ rendering }: ViewerState, { mission, event }: LogRow): string {
    if (rendering !== 'default' || mission === null || 'unknown' in event || event.type !== 'part.closed') return '';
    const texts = textsOf(this.#host.sql);
    // A sub-agent's text opens and closes itself (views/agents.ts).
    const text = this.#pace.wasShown(event.part) || texts.isSubAgents(event.part) ? '' : texts.part(event.part);
    return text === '' ? '' : thinkingBytes(mission, text);
  }

  /**
   * What a viewer gets when it has reached the head of the log: the snapshot (delta rendering), or the text so far of
   * each open part (default rendering) (protocol §5).
   */
  #present(state: ViewerState): string {
    const cursor = this.#host.log.cursorAt(this.#host.log.head);
    const parts = openParts(this.#host.sql, state.mission).filter((part) => this.#visible.mission(state, part.mission));
    if (state.rendering === 'default') {
      const textOf = textsWithin(snapshotTextChars, (part) => this.#open.text(part));
      const thinking = parts
        .filter((part) => !isSubAgents(part))
        .map((part) => ({ part, text: textOf(part.part) }))
        .filter(({ text }) => text !== '');
      return thinking.map(({ part, text }) => thinkingBytes(part.mission, text)).join('') + sseCursor(cursor);
    }
    const outputs = this.#printed.present(state);
    const textOf = (part: string): string => this.#open.text(part);
    const snapshot = snapshotOf(this.#host.sql, state, this.#running(state), parts, textOf, outputs);
    return sseEvent('snapshot', snapshot, cursor);
  }

  #header(state: ViewerState, given: Pick<ViewerHeader, 'mode' | 'reset' | 'cursor'>): ViewerHeader {
    return { ...given, changed: [], running: this.#running(state), errors: [] };
  }

  #running(state: ViewerState): MissionActivity[] {
    return busyMissions(this.#host.sql, state.owner)
      .filter((mission) => maySee(state, mission))
      .map((mission) => missionActivity(this.#host.sql, mission));
  }

  /** Those of the touched missions whose activity is not what was last shown. */
  #changed(touched: string[]): { mission: Mission; activity: MissionActivity }[] {
    return [...new Set(touched)].flatMap((id) => {
      const mission = getMission(this.#host.sql, id);
      if (!mission) return [];
      const activity = missionActivity(this.#host.sql, mission);
      const text = `${activity.state} ${activity.queue_len}`;
      // After an eviction it is not known what was shown last; then it is sent once more, rather than never.
      if (this.#shownActivities.get(id) === text) return [];
      this.#shownActivities.set(id, text);
      return [{ mission, activity }];
    });
  }

  #remember({ event }: LogRow, checkpoint: Recorded['checkpoint']): void {
    if ('unknown' in event || event.type !== 'part.checkpoint' || !checkpoint) return;
    if (checkpoint.replace) this.#open.drop(event.part);
    else this.#open.add({ part: event.part, ...checkpoint });
  }

  #forget(row: LogRow): void {
    this.#printed.forget(row);
    const { event } = row;
    if ('unknown' in event || event.type !== 'part.closed') return;
    this.#open.drop(event.part);
    this.#pace.drop(event.part);
  }
}

const cached = (store: Map<string, string>, key: string, make: () => string): string => {
  const known = store.get(key);
  if (known !== undefined) return known;
  const made = make();
  store.set(key, made);
  return made;
};
