import { doubled } from '../../shared/backoff.ts';
import { type Clock, wait } from '../../shared/clock.ts';
import type { HandsControl } from '../hands/control/client.ts';
import type { HandsEvent } from '../hands/told.ts';
import type { Log } from '../process/log.ts';

/**
 * Hands that are being started again take a second or two; where there are none, a look every few seconds costs
 * nothing.
 */
const [againMinMs, againMaxMs] = [100, 5_000];

/**
 * Hears what calls of the hands do, until `signal` aborts: comes back after each end of the connection with the number
 * of the last event and the life of the hands that it is from, so that it hears nothing twice. What the hands do not
 * keep any more is missing (`gap`): each output says where it belongs, and a result comes by OpenCode, so nobody has to
 * be told here.
 */
export const followHands = async (
  control: Pick<HandsControl, 'events'>,
  heard: (event: HandsEvent) => void,
  { clock, log }: { clock: Clock; log: Log },
  signal: AbortSignal,
): Promise<void> => {
  const read = { run: '', after: 0 };
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      for await (const line of control.events(read.run === '' ? null : read, signal)) {
        failures = 0;
        if (line.type === 'gap') continue;
        if (line.type === 'hello') {
          if (line.run !== read.run) Object.assign(read, { run: line.run, after: 0 });
          continue;
        }
        read.after = line.number;
        heard(line);
      }
    } catch (error) {
      if (!signal.aborted && failures === 0) log.info('hands.not_followed', { error });
    }
    // An aborted wait is how stopping looks from here; the loop ends.
    await wait(clock, doubled(againMinMs, againMaxMs, failures), signal).catch(() => undefined);
  }
};
