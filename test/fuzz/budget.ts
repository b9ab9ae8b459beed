import { layerMs } from '../support/patience.ts';

/** How much is fuzzed, and with which seed: `npm run fuzz -- --seed N --frames N`, or a little of it in `npm test`. */

/** Enough for every kind of shot to come up several times, few enough for every run of the tests. */
const shortFrames = 3_000;

const whole = (text: string | undefined, missing: number): number => {
  const value = Number(text);
  return text && Number.isSafeInteger(value) && value > 0 ? value : missing;
};

/** The same in every run of the tests, which may not fail by chance; the long run draws another. */
export const seed = whole(process.env.FUZZ_SEED, 1);

/** Frames over both directions; half of them go to each side. */
export const frames = whole(process.env.FUZZ_FRAMES, shortFrames);

/** Frames of one direction. */
export const framesPerSide = Math.ceil(frames / 2);

/** HTTP requests: a tenth of the frames, each is a whole round trip through the router. */
export const requests = Math.ceil(frames / 10);

/** A frame takes about 2 ms on the reference, with its answer and its share of dials. */
const eachMs = layerMs.fuzz / shortFrames;
export const timeoutMs = layerMs.fuzz + frames * eachMs;
