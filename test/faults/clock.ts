/**
 * Clocks of their own for single processes, by Debian's packages faketime and datefudge, which stand between a program
 * and its C library. Monotonic time stays true, as it does when a real clock is set. libfaketime can be set while the
 * program runs, but hangs inside workerd's allocator; datefudge works there, from the next start on.
 */
import { existsSync, writeFileSync } from 'node:fs';

export interface Clock {
  /** Added to the program's environment at each start. */
  env(): Record<string, string>;
  /** Sets the clock this many seconds off the true time. */
  jump(seconds: number): void;
}

const folder = '/usr/lib/x86_64-linux-gnu';
const faketime = `${folder}/faketime/libfaketimeMT.so.1`;
const datefudge = `${folder}/datefudge/datefudge.so`;

/** A clock that jumps while its program runs; `file` holds its offset. */
export const runningClock = (file: string): Clock => {
  requireLibrary(faketime);
  const jump = (seconds: number): void => writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}`);
  jump(0);
  return {
    env: () => ({
      LD_PRELOAD: faketime,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    }),
    jump,
  };
};

/** A clock that has jumped when its program starts again. */
export const startClock = (): Clock => {
  requireLibrary(datefudge);
  let offSeconds = 0;
  return {
    // It counts how far the clock is behind.
    env: () => ({ LD_PRELOAD: datefudge, DATEFUDGE: String(-offSeconds) }),
    jump: (seconds) => {
      offSeconds = seconds;
    },
  };
};

/** Why clocks can't jump here, or undefined; `npm test` installs both packages where it may. */
export const noClocks: string | undefined = [faketime, datefudge].every((path) => existsSync(path))
  ? undefined
  : 'faketime or datefudge is missing: apt-get install faketime datefudge';

const requireLibrary = (path: string): void => {
  if (!existsSync(path)) throw new Error(`${path} is missing: apt-get install faketime datefudge`);
};
