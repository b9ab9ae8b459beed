import { onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../shared/clock.ts';

let aheadMs = 0;

/**
 * The clock of the objects in these tests: it goes like the system's, since alarms are the platform's, and a test can
 * set it ahead. There is one for each test file, because the platform constructs the objects.
 */
export const objectClock = { ...systemClock, now: (): number => systemClock.now() + aheadMs };

/** What a server's object waits for. */
interface Waiting {
  server: string | undefined;
  atMs: number;
  comes: () => void;
}
const waiting = new Set<Waiting>();

/** `objectClock` for the object of one server, whose waits come earlier where the clock was set ahead. */
export const clockOfHost = (server: string | undefined): Clock => ({
  ...objectClock,
  after: (ms, then, options) => {
    const cancel = (): void => {
      waiting.delete(each);
      stop();
    };
    const come = (): void => {
      cancel();
      then();
    };
    const each: Waiting = { server, atMs: objectClock.now() + ms, comes: come };
    const stop = systemClock.after(ms, come, options);
    waiting.add(each);
    return cancel;
  },
});

/** Lets come what a server's object has waited for by now. Call it inside of the object. */
export const letDueCome = (server: string): void => {
  for (const each of [...waiting]) if (each.server === server && each.atMs <= objectClock.now()) each.comes();
};

/** Lets so much time pass for the objects, until the test is done. */
export const objectsAhead = (ms: number): void => {
  aheadMs += ms;
  onTestFinished(() => {
    aheadMs -= ms;
  });
};
