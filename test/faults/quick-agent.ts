// The host-agent as it is shipped, given waits that are short enough for a test and in the same order as the real ones
// (shared/limits.ts). Started as `<script> agent-child <config>`.
import { agentChild } from '../../host-agent/launcher/children/agent-child.ts';
import { linkTimes } from '../../host-agent/link/times.ts';
import { scaledMs } from '../support/patience.ts';

const link = {
  ...linkTimes,
  pingMs: 500,
  silenceMs: scaledMs(3_000),
  redialMinMs: 50,
  redialMaxMs: 400,
  replacedMinMs: 1_000,
};

await agentChild(process.argv[3], { link, recheckMs: 250 });
process.exit();
