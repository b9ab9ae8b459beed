/** A mission's stream without an end: whenever a connection is lost it goes on exactly where it was. */
import { type Place, readConnection, type StreamEvent } from './connection.ts';
import { newPause, type Patience } from './patience.ts';

/**
 * Yields every event after `place.cursor`, and `{name: 'connected'}` before those of each connection. Each begins, when
 * it has caught up, with a `snapshot`. Never returns; throws Refused, NoAnswer when the edge stays away, or what the
 * signal was aborted with.
 */
export async function* readStream(place: Place, patience: Patience): AsyncGenerator<StreamEvent> {
  const pause = newPause(patience);
  for (;;) {
    try {
      let isNew = true;
      for await (const event of readConnection(place, { ...patience.times, ...patience })) {
        pause.reset();
        if (isNew) yield { name: 'connected', data: '{}' };
        isNew = false;
        yield event;
      }
      // An edge ends every stream now and then, so that what it may show is checked anew.
    } catch (error) {
      patience.signal.throwIfAborted();
      await pause.after(error);
    }
  }
}
