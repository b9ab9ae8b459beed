// Processes of this machine, found by what only they have.
import { readdirSync, readFileSync } from 'node:fs';

/** Pids of the processes that have exactly this argument. */
export const processesWith = (argument: string): number[] =>
  readdirSync('/proc')
    .filter((name) => {
      if (!/^\d+$/.test(name)) return false;
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').includes(argument);
      } catch {
        return false; // It ended while we looked.
      }
    })
    .map(Number);

let sleepers = 0;

/** A time to sleep that no other process has, so that the sleeper is found by its arguments. */
export const uniqueSeconds = (): string => `1000.${process.pid}${++sleepers}`;
