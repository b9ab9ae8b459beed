/**
 * Names that commands see of the actor's environment: what makes them work as in the user's own shell. Everything else
 * stays out, so that nothing of ours (passwords, tokens, provider keys) is in a command by a name nobody thought of.
 */
const passedOn =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TZ|TERM|SSL_CERT_(FILE|DIR)|NODE_EXTRA_CA_CERTS|(HTTPS?|ALL|NO)_PROXY)$/i;

/** What every process below a command inherits and nobody else has: so it is found wherever it went. */
export const markName = 'OPEN_AGENT_COMMAND';

/** Nobody sits at a command's terminal, there is none: nothing asks, opens an editor or waits at the end of a page. */
const unattended = {
  PAGER: 'cat',
  GIT_PAGER: 'cat',
  GIT_TERMINAL_PROMPT: '0',
  // A rebase or merge goes on with the text that it suggests; a commit without a message says so and ends.
  GIT_EDITOR: 'true',
  DEBIAN_FRONTEND: 'noninteractive',
  // By this programs know that they talk to an agent; OpenCode sets it too.
  AGENT: '1',
};

/**
 * The whole environment of a command with the mark `mark`, from that of the actor. With `bare` only what a shell needs
 * to find anything.
 */
export const commandEnvironment = (
  own: Readonly<Record<string, string | undefined>>,
  { mark, bare }: { mark: string; bare: boolean },
): Record<string, string> => {
  const passed = Object.entries(own).flatMap(([name, value]): [string, string][] =>
    value !== undefined && passedOn.test(name) && (!bare || name === 'PATH') ? [[name, value]] : [],
  );
  const env = Object.fromEntries(passed);
  // Started by systemd there is no locale at all, and then Python, Perl and git take a word for its bytes.
  const hasLocale = Boolean(env.LANG || env.LC_ALL || env.LC_CTYPE);
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    TERM: 'dumb',
    ...(hasLocale || bare ? {} : { LANG: 'C.UTF-8' }),
    ...(bare ? {} : unattended),
    ...env,
    [markName]: mark,
  };
};
