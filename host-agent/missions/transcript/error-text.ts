import * as z from 'zod';
import { beginningOf } from '../../../shared/text.ts';
import type { OpenCodeError } from '../../opencode/api/events.ts';

/**
 * Texts by which existing apps recognise a broken connection of their own (contract §4.4); an agent's error must not
 * have them.
 */
const reserved: readonly [RegExp, string][] = [
  [/stream connection failed/gi, 'stream to the model failed'],
  [/stream ended/gi, 'stream stopped'],
  [/sse connection/gi, 'SSE link'],
  [/event stream/gi, 'event feed'],
];

/** Provider answers can be whole pages. */
const maxChars = 2_000;

/**
 * As much of a sentence for people as is read. Cut it last, when its secrets are gone: half of one would not be found.
 */
export const short = (text: string): string => (text.length > maxChars ? `${beginningOf(text, maxChars)}…` : text);

/** How a turn ends that a person cancelled; existing apps know the sentence. */
export const cancelledText = 'Task cancelled';

/** An abort is somebody's wish or a stop of OpenCode, never the agent's error. */
export const isAbort = (error: OpenCodeError): boolean => error.name === 'MessageAbortedError';

/** What OpenCode says of work that was stopped from within, where it does not say that it was aborted. */
const interruptedText = 'All fibers interrupted without error';

/** It says that it was stopped, and not by what: by somebody, or by what an earlier stop has broken (opencode §8.6). */
export const isInterruption = (error: OpenCodeError): boolean =>
  isAbort(error) || error.data?.message?.includes(interruptedText) === true;

/**
 * An error of OpenCode as a sentence for people (contract 12: `OpenCode error: …`), without response bodies or stacks.
 */
export const errorText = (error: OpenCodeError): string => {
  const status = error.data?.statusCode;
  const message = error.data?.message?.split(/\n\s+at /)[0]?.trim() || error.name;
  return speakable(`OpenCode error: ${message}${status ? ` (HTTP ${status})` : ''}`);
};

/** What an error says to people. What a schema found is for the log: nobody outside understands it. */
export const reasonOf = (error: unknown): string => {
  if (error instanceof z.ZodError) return 'OpenCode answered something that this version does not understand.';
  return error instanceof Error ? error.message : String(error);
};

/** `text` without the reserved phrases. Of any length: `clean` (rows.ts) cuts it. */
export const speakable = (text: string): string =>
  reserved.reduce((sofar, [phrase, instead]) => sofar.replace(phrase, instead), text);
