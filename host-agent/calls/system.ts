import type { systemCalls } from '../../shared/calls/system.ts';
import type { Samples } from '../system/samples.ts';
import type { RepliesTo } from './replies.ts';

/** What the edge asks about the machine. */
export const systemReplies = (samples: Samples): RepliesTo<typeof systemCalls> => ({
  samples: ({ after }) => samples.after(after),
});
