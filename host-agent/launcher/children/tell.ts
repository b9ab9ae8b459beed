import { say } from '../say.ts';
import type { Told } from './supervise.ts';

/** Tells the person who started us once that a child is down, and once that it is back. */
export const tellAbout = (title: string, logFile: string): Told => {
  let isDown = false;
  return {
    onDown: (reason) => {
      if (!isDown) say(`${title} is down: ${reason}. It is started again until it runs; details are in ${logFile}.`);
      isDown = true;
    },
    onUp: () => {
      isDown = false;
      say(`${title} runs again.`);
    },
  };
};
