import { systemSamples } from '../../shared/calls/system.ts';
import type { Samples } from '../system/samples.ts';
import { type Answer, answer } from './replies.ts';

/** What the edge asks about the machine. */
export const systemAnswers = (samples: Samples): Answer[] => [
  answer(systemSamples, ({ after }) => samples.after(after)),
];
