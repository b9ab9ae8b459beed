// Imported first by whatever starts tests: measures the machine once per run, for this process and all below it. A run
// that was given a number (`TEST_SLOWNESS=4 npm test`), or was started by one that has measured, keeps it.
import { measureSlowness } from './slowness.ts';

process.env.TEST_SLOWNESS ??= String(measureSlowness());
