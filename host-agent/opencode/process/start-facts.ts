import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { writePrivateFile } from '../../process/private-file.ts';

/**
 * What the start of OpenCode decided and the host-agent has to know, since it does not see the environment: nothing
 * secret.
 */
const startFacts = z.object({
  /** Variable of the environment that gives a provider its key at each start, by OpenCode's id of the provider. */
  variables: z.record(z.string(), z.string()),
  /** OpenCode reads the file of our provider settings; null, or why it does not. */
  settingsUnused: z.string().nullable(),
  /** Providers that are off by our own configuration. */
  disabled: z.array(z.string()),
  /** Files and directories of the person's that OpenCode is configured by; an older version wrote none. */
  given: z.array(z.string()).default([]),
  /** Its agents have our tools (plugin/); an older version had none. */
  hands: z.boolean().default(false),
  /** Path of the plug-in that they come by: in the package whose hands act. Null where there are none. */
  plugin: z.string().nullable().default(null),
  /** It does not see the trees of missions, so nothing in them is its configuration. */
  covered: z.boolean().default(false),
});
export type StartFacts = z.infer<typeof startFacts>;

export const writeStartFacts = (path: string, facts: StartFacts): Promise<void> =>
  writePrivateFile(path, JSON.stringify(facts));

/** Nothing is known of an OpenCode that was not started by us. */
export const readStartFacts = (path: string): StartFacts => {
  try {
    return startFacts.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Missing until the first start; of an older version until the next: then only the texts for people say less.
    return { variables: {}, settingsUnused: null, disabled: [], given: [], hands: false, plugin: null, covered: false };
  }
};
