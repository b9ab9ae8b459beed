// `npm run story`: plays the story and writes what was typed and printed to STORY.md.
import '../../support/calibrated.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { playStory } from './story.ts';

const file = join(import.meta.dirname, 'STORY.md');
const head = `# An afternoon with Open Agent

Written by \`npm run story\` from what really ran: the edge under workerd, the host-agent and OpenCode. Only the language model is scripted, so
messages here say what it does. \`test/e2e/story/story.test.ts\` plays it in every run of the tests.

`;
writeFileSync(file, head + (await playStory()));
process.stdout.write(`written to ${file}\n`);
