// One laboratory for all cases of a file: starting it takes longer than most of them.
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Person } from '../support/person.ts';
import { type ResumingViewer, resumingViewer } from '../support/resuming-viewer.ts';
import { type Laboratory, type LaboratoryOptions, startLaboratory } from './laboratory.ts';

/** There from the first case on. */
export let lab: Laboratory;
/** The person whose missions these are, and what she sees of them. */
export let me: Person;
export let viewer: ResumingViewer;

/** To be called once at the top of a file. After each case everything that it broke is mended. */
export const useOneLaboratory = (options: LaboratoryOptions = {}): void => {
  beforeAll(async () => {
    lab = await startLaboratory(options);
    me = await lab.person();
    viewer = await resumingViewer(me);
  });
  afterEach(() => lab?.mend());
  afterAll(async () => {
    await viewer?.close();
    await lab?.stop();
  });
};
