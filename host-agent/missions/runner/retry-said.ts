import type { HostEvent } from '../../../shared/events.ts';
import { speakable } from '../transcript/error-text.ts';
import type { Turn } from './turn.ts';

/**
 * A pause in which OpenCode asks no model. `nextAt`: when it goes on, epoch ms of this machine; null when it does not
 * say.
 */
export interface RetryPause {
  text: string;
  nextAt: number | null;
}

/**
 * From here on each pause is worth a word of its own; shorter ones with the same error are over before anybody has read
 * it.
 */
const longMs = 60_000;

/**
 * What people are told of a pause, or null when they were: OpenCode keeps no trace of the refusals it survives, and
 * people wait less puzzled when they see them, and until when. At most one event for each pause; `now` is epoch ms.
 */
export const retryEvent = (
  { retriesSaid, record }: Turn,
  { text, nextAt }: RetryPause,
  now: number,
): HostEvent | null => {
  const waitMs = nextAt === null ? 0 : Math.max(0, nextAt - now);
  const pause = `${text}\n${nextAt}`;
  if (retriesSaid.has(pause)) return null;
  retriesSaid.add(pause);
  const again = waitMs === 0 ? 'it tries again' : `it tries again in ${spanText(waitMs)}`;
  const message = speakable(`OpenCode error: ${text} (${again})`);
  if (waitMs < longMs && retriesSaid.has(message)) return null;
  retriesSaid.add(message);
  return { type: 'turn.error', turn: record.turn, message };
};

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const units: readonly [string, number][] = [
  ['day', dayMs],
  ['hour', hourMs],
  ['minute', minuteMs],
  ['second', secondMs],
];

/** From here on seconds are of no interest. */
const coarseMs = 10 * minuteMs;

/**
 * A span as people say it, in its two largest units: `12 seconds`, `1 minute 30 seconds`, `1 hour`. At least one
 * second.
 */
export const spanText = (ms: number): string => {
  const grainMs = ms < coarseMs ? secondMs : minuteMs;
  let restMs = Math.max(1, Math.round(ms / grainMs)) * grainMs;
  const words: string[] = [];
  for (const [name, unitMs] of units) {
    const count = Math.floor(restMs / unitMs);
    restMs -= count * unitMs;
    if (count > 0) words.push(`${count} ${name}${count === 1 ? '' : 's'}`);
  }
  return words.slice(0, 2).join(' ');
};
