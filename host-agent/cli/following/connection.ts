/** One connection to the stream of events (`?format=delta`), from its first byte to its end. */

import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { Cancel, Clock } from '../../../shared/clock.ts';
import { refuse, unreachable } from '../edge-api.ts';
import type { Edge } from '../login/edge.ts';

/** A named event as it came, its data not looked at yet. */
export interface StreamEvent {
  name: string;
  data: string;
}

/** Where a mission's stream is read, and how far it was read already. */
export interface Place {
  edge: Edge;
  mission: string;
  /** The last position of a whole event; null begins with the present. Moved on by `readConnection`. */
  cursor: string | null;
}

/**
 * Yields the events of one connection; returns when the edge has ended it, or when nothing at all came for `silenceMs`.
 * Throws Refused or NoAnswer when it could not be opened, NoAnswer when it was cut, and what `signal` was aborted with.
 */
export async function* readConnection(
  place: Place,
  { signal, clock, silenceMs }: { signal: AbortSignal; clock: Clock; silenceMs: number },
): AsyncGenerator<StreamEvent> {
  const silence = new AbortController();
  const either = AbortSignal.any([signal, silence.signal]);
  const awaitSilence = (): Cancel => clock.after(silenceMs, () => silence.abort());
  let stopListening = awaitSilence();
  try {
    const response = await fetch(addressOf(place), { headers: headersOf(place), signal: either });
    if (!response.ok || !response.body) refuse(place.edge.url, response.status, await response.text());
    const events: StreamEvent[] = [];
    const parser = createParser({
      // Called when an event, or a position without one, is whole: an event that was cut in the middle comes again.
      onId: (id) => {
        place.cursor = id;
      },
      onEvent: ({ event, data }: EventSourceMessage) => void events.push({ name: event ?? 'message', data }),
    });
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) {
      stopListening();
      stopListening = awaitSilence();
      parser.feed(decoder.decode(bytes, { stream: true }));
      yield* events.splice(0);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!silence.signal.aborted) throw isFetchFailure(error) ? unreachable(place.edge.url, error) : error;
  } finally {
    stopListening();
    silence.abort();
  }
}

const addressOf = ({ edge, mission }: Place): string =>
  `${edge.url}/api/control/stream?format=delta&mission_id=${mission}`;

const headersOf = ({ edge, cursor }: Place): Record<string, string> => ({
  ...(edge.token === null ? {} : { authorization: `Bearer ${edge.token}` }),
  ...(cursor === null ? {} : { 'last-event-id': cursor }),
});

/** `fetch` and the reading of its body report every trouble of the network as a TypeError. */
const isFetchFailure = (error: unknown): boolean => error instanceof TypeError;
