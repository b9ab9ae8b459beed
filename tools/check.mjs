/** `openagent check`: lint and types, no tests. */
import { failuresOf, lint } from './lint.mjs';

const failed = await failuresOf(lint);
console.log(failed.length === 0 ? 'Lint and types are in order.' : `Failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
