/** Texts of `--help` for the commands of servers and their admins. */
export const cliHelp = {
  status: `openagent status [--json]
Says what runs on this WORKING_DIR: since when, where, edge, host-agent, OpenCode and the missions at work.
Exits 0 when it runs and 3 when it does not.`,

  stop: `openagent stop
Stops the Open Agent of this WORKING_DIR in order, whether it runs in the background or in a terminal, and waits until it is gone.
Turns at work are interrupted and can be resumed. As a unit of systemd, stop the unit: it would be started again.`,

  logs: `openagent logs [-f] [-n N]
Shows the last N lines (50) of what the start in the background printed, else of the launcher's log; with -f also what comes.`,

  hosts: `openagent hosts add [name] | list | remove <name or id>
Adds a server to an edge by a one-use code, lists its servers, or removes one: its credential ends at once, what runs there is
interrupted, and its missions can still be read.

  --url <address>   the edge; without it the one this machine belongs to
  --user <name>     who you are, where the edge has several users

The password is taken from OPENAGENT_PASSWORD, or asked for on standard input.`,

  enroll: `openagent enroll <url> [code]
Makes this machine a server of the edge at <url>, by a one-use code that an admin makes with \`openagent hosts add\`. Without the
code it is asked for. The credential is written to {WORKING_DIR}/.openagent/host.json; then \`openagent agent\` runs the server.
On a server of that edge it renews the credential, and the old one ends at once.

  --name <name>   what the edge calls this server where the admin gave no name; else the host name
  --replace       give up this machine's enrolment at another edge, or one that the edge has forgotten`,

  agent: `openagent agent
Runs a server of an edge elsewhere until SIGINT, SIGTERM or SIGHUP: OpenCode and the host-agent, which dials the edge that
\`openagent enroll\` wrote down. Configured as \`openagent up\` is, without what concerns its edge.

  --without-opencode   the host-agent alone, beside an \`openagent opencode\` of its own`,

  doctor: `openagent doctor
Says what works on this machine, what is missing, what does not work without it and how to get it. Changes nothing.
Exits 0 when everything that is required is there.

  --url <address>   asks about this edge instead of the one that this machine is enrolled at`,
};
