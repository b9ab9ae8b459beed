// How long answers take, one after the other and several at once, over connections that are kept.
import { Agent, request } from 'node:http';
import { type Spread, spreadOf } from './spread.ts';

/** Calls at once, where it is counted how many there are in a second. */
const together = 8;

export type TimedCalls = ReturnType<typeof timedCalls>;

export const timedCalls = (url: string, headers: Record<string, string>) => {
  const agent = new Agent({ keepAlive: true });
  /** Milliseconds until the answer was there as a whole. Throws for any other than 200. */
  const call = (path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const begun = performance.now();
      request(`${url}${path}`, { agent, headers }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`${path} answered ${response.statusCode}`));
        response.on('end', () => resolve(performance.now() - begun)).resume();
      })
        .on('error', reject)
        .end();
    });
  const oneByOne = async (path: string, count: number): Promise<Spread> => {
    const latencies: number[] = [];
    for (let index = 0; index < count; index++) latencies.push(await call(path));
    return spreadOf(latencies);
  };
  return {
    oneByOne,
    /** Answers a second. */
    perSecond: async (path: string, count: number): Promise<number> => {
      let left = count;
      const begun = performance.now();
      await Promise.all(
        Array.from({ length: together }, async () => {
          while (left-- > 0) await call(path);
        }),
      );
      return (count / (performance.now() - begun)) * 1000;
    },
    close: (): void => agent.destroy(),
  };
};
