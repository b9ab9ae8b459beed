// The host-agent as it is shipped, but that OpenCode keeps few sessions: with few missions some of them rest elsewhere.
// Started as `<script> agent-child <config>`.

import { agentChild } from '../../host-agent/launcher/children/agent-child.ts';
import { linkTimes } from '../../host-agent/link/times.ts';
import { recheckMs } from '../../host-agent/store/upkeep.ts';
import { fewSessions } from './size.ts';

await agentChild(process.argv[3], { link: linkTimes, recheckMs, parking: fewSessions });
process.exit();
