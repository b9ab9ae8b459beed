import type { OpenCodeFolders } from '../config/folders.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Names that tools may see and OpenCode needs to work like the person's shell. Everything else stays with us. */
const passedOn =
  /^(PATH|LANG|LANGUAGE|LC_[A-Z]+|TZ|TERM|SSL_CERT_(FILE|DIR)|NODE_EXTRA_CA_CERTS|(HTTPS?|ALL|NO)_PROXY)$/i;

/** What tools see of the environment of a start. */
export const passedToTools = (env: Environment): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value !== undefined && passedOn.test(name) ? [[name, value]] : [])),
  );

/** `OPENCODE_*` names that hold secrets, are ours, or would break the separation of OpenCode's own folders. */
const kept =
  /^OPENCODE_(SERVER_.*|CONFIG_CONTENT|AUTH_CONTENT|DB|PID|AGENT|BASE_URL|PERMISSIVE|.*(KEY|TOKEN|SECRET|PASSWORD))$/;

export interface EnvironmentChoice {
  password: string;
  /** Catalogue file, or undefined for the built-in one. */
  modelsPath: string | undefined;
  /** Config directory made from OPENCODE_CONFIG_CONTENT. */
  givenConfig: string | undefined;
  /** Config file of our provider settings, or undefined where the person has an OPENCODE_CONFIG. */
  providerSettings: string | undefined;
  /** JSON of rules that are merged into the configuration last. */
  permission: string | undefined;
}

/**
 * The whole environment of OpenCode, and so of every tool it runs: a whitelist of `env`, the person's `OPENCODE_*`
 * settings, and ours, which win.
 */
export const openCodeEnvironment = (
  env: Environment,
  folders: OpenCodeFolders,
  choice: EnvironmentChoice,
): Record<string, string> => {
  const passed = Object.entries(env).flatMap(([name, value]): [string, string][] =>
    value !== undefined && (passedOn.test(name) || (name.startsWith('OPENCODE_') && !kept.test(name)))
      ? [[name, value]]
      : [],
  );
  return {
    ...Object.fromEntries(passed),
    HOME: folders.home,
    XDG_CONFIG_HOME: folders.config,
    XDG_DATA_HOME: folders.data,
    XDG_STATE_HOME: folders.state,
    XDG_CACHE_HOME: folders.cache,
    OPENCODE_SERVER_PASSWORD: choice.password,
    OPENCODE_DISABLE_MODELS_FETCH: '1',
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
    OPENCODE_DISABLE_SHARE: '1',
    // Nobody here reads its events, and it froze the whole process for good once in about ten starts on a busy machine.
    OPENCODE_EXPERIMENTAL_DISABLE_FILEWATCHER: '1',
    // Whatever client a person's settings name, our dashboards can show questions (opencode §2.3).
    OPENCODE_ENABLE_QUESTION_TOOL: '1',
    ...(choice.modelsPath === undefined ? {} : { OPENCODE_MODELS_PATH: choice.modelsPath }),
    ...(choice.providerSettings === undefined ? {} : { OPENCODE_CONFIG: choice.providerSettings }),
    ...(choice.givenConfig === undefined ? {} : { OPENCODE_CONFIG_DIR: choice.givenConfig }),
    ...(choice.permission === undefined ? {} : { OPENCODE_PERMISSION: choice.permission }),
  };
};
