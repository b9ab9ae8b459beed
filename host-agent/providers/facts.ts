import type { Client } from '../opencode/api/client.ts';
import { OpenCodeAway } from '../opencode/api/failure.ts';
import { credentialKinds } from '../opencode/config/credentials.ts';
import type { OpenCodeFolders } from '../opencode/config/folders.ts';
import { readStartFacts } from '../opencode/process/start-facts.ts';
import type { ProviderContext } from './context.ts';

/**
 * What this server's own files say about OpenCode's providers; of an OpenCode that we did not start they say nothing.
 */
export const providerFacts = ({
  client,
  folders,
}: {
  client: Pick<Client, 'address' | 'configuredModel'>;
  folders: Pick<OpenCodeFolders, 'home' | 'authFile' | 'startFacts'>;
}): Pick<ProviderContext, 'configuredModel' | 'facts' | 'credentials'> => ({
  configuredModel: () => client.configuredModel(folders.home),
  facts: () => (client.address().isOurs ? readStartFacts(folders.startFacts) : notOurs),
  credentials: async () => (isForeign(client) ? { kinds: {}, at: 0 } : credentialKinds(folders.authFile)),
});

const isForeign = (client: Pick<Client, 'address'>): boolean => {
  try {
    return !client.address().isOurs;
  } catch (error) {
    if (error instanceof OpenCodeAway) return false; // The one that is away may be ours, and its file is there.
    throw error;
  }
};

const notOurs = {
  variables: {},
  settingsUnused: 'the OpenCode of OPENCODE_BASE_URL was not started by Open Agent, so set it in its own configuration',
  disabled: [],
  given: [],
  hands: false,
  plugin: null,
  covered: false,
};
