import type { Clock } from '../../../shared/clock.ts';
import { inWords } from '../../process/left-behind.ts';
import type { Log } from '../../process/log.ts';
import { leaveNote } from '../../process/note.ts';

/** What a start found of a launcher that was killed. */
export const endedAtStart = (names: readonly string[]): string =>
  `A launcher that was killed had left ${inWords(names)} running. They were ended at the next start.`;

/** What OpenCode's tools and MCP servers had left when OpenCode ended, and how that came. */
export const endedWithOpenCode =
  (how: string) =>
  (names: readonly string[]): string =>
    `OpenCode ${how}, and ${inWords(names)} that it or its plug-ins had started were still running. They were ended with it.`;

/**
 * Tells the log, by way of the host-agent, what was ended; `inText` makes the sentence. A note that can't be left is no
 * reason to stop.
 */
export const noteReaped = async (
  names: readonly string[],
  inText: (names: readonly string[]) => string,
  { directory, clock, log }: { directory: string; clock: Clock; log: Log },
): Promise<void> => {
  if (names.length === 0) return;
  const text = inText(names);
  log.warn('reaped', { text });
  try {
    await leaveNote(directory, { at: clock.now(), code: 'reaped', text });
  } catch (error) {
    log.error('reaped.not_noted', { error });
  }
};
