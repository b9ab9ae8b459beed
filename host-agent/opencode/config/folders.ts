import { join } from 'node:path';

/** OpenCode's own HOME and XDG folders below the state directory, apart from those of the person who started us. */
export const openCodeFolders = (dir: string) => ({
  home: join(dir, 'home'),
  config: join(dir, 'config'),
  data: join(dir, 'data'),
  state: join(dir, 'state'),
  cache: join(dir, 'cache'),
  /** The global config directory of OpenCode. */
  globalConfig: join(dir, 'config', 'opencode'),
  authFile: join(dir, 'data', 'opencode', 'auth.json'),
  /** What OpenCode says of itself; it never begins it anew. */
  logFile: join(dir, 'data', 'opencode', 'log', 'opencode.log'),
  ripgrep: join(dir, 'cache', 'opencode', 'bin', 'rg'),
  /** The person's OPENCODE_CONFIG_CONTENT, as a config directory. */
  givenConfig: join(dir, 'given-config'),
  providerKeys: join(dir, 'provider-keys'),
  /** Copies of the person's own files that only their owner may read. */
  givenFiles: join(dir, 'given-files'),
  /** An empty catalogue of models. */
  noModels: join(dir, 'no-models.json'),
  /** Base URLs of providers and which are off, as set through us. */
  providerSettings: join(dir, 'provider-settings.json'),
  /** What OpenCode sees of missions: a folder for each, in which only we write. */
  seen: join(dir, 'seen'),
  /** Where what an OpenCode of a user of its own sees is put together. */
  view: join(dir, 'view'),
  /** What the last start decided, for the host-agent. */
  startFacts: join(dir, 'start-facts.json'),
  /** Where logins are begun and ended: an instance that nothing else disposes. */
  logins: join(dir, 'logins'),
});

export type OpenCodeFolders = ReturnType<typeof openCodeFolders>;
