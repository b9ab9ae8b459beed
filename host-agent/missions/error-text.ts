import type { OpenCodeError } from '../opencode/events.ts';

/** Texts by which existing apps recognise a broken connection of their own (contract §4.4); an agent's error must not have them. */
const reserved: readonly [RegExp, string][] = [
  [/stream connection failed/gi, 'stream to the model failed'],
  [/stream ended/gi, 'stream stopped'],
  [/sse connection/gi, 'SSE link'],
  [/event stream/gi, 'event feed'],
];

/** Provider answers can be whole pages. */
const maxChars = 2_000;

/** An abort is somebody's wish or a stop of OpenCode, never the agent's error. */
export const isAbort = (error: OpenCodeError): boolean => error.name === 'MessageAbortedError';

/** An error of OpenCode as a sentence for people (contract 12: `OpenCode error: …`), without response bodies or stacks. */
export const errorText = (error: OpenCodeError): string => {
  const status = error.data?.statusCode;
  const message = error.data?.message?.split(/\n\s+at /)[0]?.trim() || error.name;
  return speakable(`OpenCode error: ${message}${status ? ` (HTTP ${status})` : ''}`);
};

/** `text` without the reserved phrases, at most `maxChars` long. */
export const speakable = (text: string): string => {
  const clean = reserved.reduce((sofar, [phrase, instead]) => sofar.replace(phrase, instead), text);
  return clean.length > maxChars ? `${clean.slice(0, maxChars)}…` : clean;
};
