/**
 * What the person who started Open Agent reads on stdout: short lines, no stack traces. The only secret among them is
 * the generated password, and it is shown at the first start alone.
 */
import { contain } from '../process/namespace.ts';
import type { Start, StartWithEdge } from './state/start.ts';

export const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** A terminal or pipe that was closed must not end the system with an EPIPE. */
export const outliveOurTerminal = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    });
  }
};

/** What the person should know about this start before it happens. */
export const sayNotices = ({ settings, means, boundary }: Start): void => {
  const { notGuaranteed } = contain([], means);
  for (const notice of [...settings.notices, ...(notGuaranteed ? [notGuaranteed] : [])]) say(notice);
  if (!means.mounts && settings.openCodeBaseUrl === undefined) say(seesTrees);
  if (boundary.kind === 'none') say(boundary.why);
  if (boundary.kind === 'places' && !boundary.user && settings.environment.AGENT_HOME)
    say('AGENT_HOME has no effect: agents have users and homes of their own. AGENT_USER names whose home it is.');
  if (settings.devMode) say('Authentication is off (DEV_MODE=true): everyone on this machine can use Open Agent.');
};

const seesTrees =
  'Without a mount namespace, OpenCode itself reads and runs the configuration that agents write into their missions. ' +
  'Nothing of it as root, or where users may make namespaces.';

/** An OpenCode that is away stops no start: messages are told, and everything else works. */
export const sayOpenCodeAway = (away: Error | string | undefined): void => {
  if (typeof away === 'string') sayRunningOpenCode(away);
  else if (away) say('Messages fail, and say why, until OpenCode runs.');
};

/** The OpenCode of OPENCODE_BASE_URL went, for the reason `away`, or is back. */
export const sayRunningOpenCode = (away: string | undefined): void =>
  say(
    away === undefined
      ? 'OPENCODE_BASE_URL: OpenCode answers there.'
      : `OPENCODE_BASE_URL: ${away} there. Messages fail, and say why, until OpenCode answers.`,
  );

/** The line that a start ends with, and the first time what to do next. */
export const sayReady = ({ settings, secrets, url }: StartWithEdge): void => {
  const lines = [`Open Agent is ready at ${url}`];
  const { generatedPassword: password } = secrets;
  if (password) {
    lines.push(`The password is ${password} — it is shown only now.`);
    lines.push('Log in, and send the token that you get as "Authorization: Bearer <token>" with every request:');
    lines.push(`  curl -s ${url}/api/auth/login -H 'content-type: application/json' -d '{"password":"${password}"}'`);
    lines.push('README.md goes on from here: a mission from its first message to its last event.');
  } else if (secrets.passwordHash && !settings.password) {
    lines.push('The password is the one of the first start; DASHBOARD_PASSWORD sets another.');
  }
  // Started in the background: whoever did that shows it, since our own output is a file.
  if (process.send) {
    process.send(lines);
    say(lines[0] ?? '');
  } else for (const line of lines) say(line);
};
