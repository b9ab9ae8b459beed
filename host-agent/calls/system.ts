import { systemSamples } from '../../shared/calls/system.ts';
import type { Samples } from '../system/samples.ts';
import { type CallReply, replyTo } from './replies.ts';

/** What the edge asks about the machine. */
export const systemReplies = (samples: Samples): CallReply[] => [
  replyTo(systemSamples, ({ after }) => samples.after(after)),
];
