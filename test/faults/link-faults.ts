// What the link proxy does to frames, and what it did.
import type { RawData } from 'ws';
import * as z from 'zod';

export type Direction = 'to-edge' | 'to-host';

/** One WebSocket message. `json` is null for the literal ping and pong and for anything else that is no JSON object. */
export interface Frame {
  text: string;
  isBinary: boolean;
  json: Record<string, unknown> | null;
}

export type FramePredicate = (direction: Direction, frame: Frame) => boolean;

/** Frames of these types, in either direction. */
export const ofType =
  (...types: string[]): FramePredicate =>
  (_direction, { json }) =>
    types.includes(String(json?.type));

export type Faults = ReturnType<typeof openFaults>;

const record = z.record(z.string(), z.unknown());

export const frameOf = (data: RawData, isBinary: boolean): Frame => {
  const text = data.toString();
  try {
    return { text, isBinary, json: record.parse(JSON.parse(text)) };
  } catch {
    return { text, isBinary, json: null }; // ping, pong, or whatever a hostile end sends.
  }
};

/** The rules in force, shared by every connection of a proxy. */
export const openFaults = () => {
  const counts = { cut: 0, refused: 0, halfOpened: 0, delayed: 0, held: 0, dropped: 0, duplicated: 0 };
  const drops = new Set<FramePredicate>();
  const duplicates = new Set<FramePredicate>();
  const watchers = { passed: new Set<Watcher>(), held: new Set<Watcher>() };
  let holds: FramePredicate | null = null;
  let delayMs = 0;

  const rule = (rules: Set<FramePredicate>, matches: FramePredicate) => {
    rules.add(matches);
    return (): void => {
      rules.delete(matches);
    };
  };
  const some = (rules: Set<FramePredicate>, direction: Direction, frame: Frame): boolean =>
    [...rules].some((matches) => matches(direction, frame));
  const watch = (watching: Set<Watcher>) => (matches: FramePredicate) =>
    new Promise<Frame>((resolve) => watching.add({ matches, resolve }));
  const tell = (watching: Set<Watcher>, direction: Direction, frame: Frame): void => {
    for (const watcher of watching) {
      if (!watcher.matches(direction, frame)) continue;
      watching.delete(watcher);
      watcher.resolve(frame);
    }
  };

  return {
    counts,
    delayMs: () => delayMs,
    delay: (ms: number): void => {
      delayMs = ms;
    },
    hold: (matches: FramePredicate): void => {
      holds = matches;
    },
    release: (): void => {
      holds = null;
    },
    drop: (matches: FramePredicate) => rule(drops, matches),
    duplicate: (matches: FramePredicate) => rule(duplicates, matches),
    heal: (): void => {
      holds = null;
      delayMs = 0;
      drops.clear();
      duplicates.clear();
    },
    /** False while nothing is held at all. */
    isHolding: () => holds !== null,
    holds: (direction: Direction, frame: Frame): boolean => holds?.(direction, frame) ?? false,
    drops: (direction: Direction, frame: Frame): boolean => some(drops, direction, frame),
    duplicates: (direction: Direction, frame: Frame): boolean => some(duplicates, direction, frame),
    passed: watch(watchers.passed),
    held: watch(watchers.held),
    tellPassed: (direction: Direction, frame: Frame): void => tell(watchers.passed, direction, frame),
    tellHeld: (direction: Direction, frame: Frame): void => tell(watchers.held, direction, frame),
  };
};

interface Watcher {
  matches: FramePredicate;
  resolve: (frame: Frame) => void;
}
