/** What `openagent doctor` finds out about the edge of this machine, and its place there. */
import manifest from '../../package.json' with { type: 'json' };
import { hostStateJson } from '../../shared/enrolment.ts';
import { protocolVersion } from '../../shared/limits.ts';
import { dataOf, type EdgeHealth, edgeClient, edgeHealth } from '../cli/edge-api.ts';
import { localUrl } from '../config/local-url.ts';
import type { Settings } from '../config/settings.ts';
import { type HostFile, readEnrolment } from '../launcher/state/enrolment.ts';
import { claimPort } from '../launcher/state/port.ts';
import { type Check, fatal, lacking, works } from './check.ts';
import { isAccepted } from './credential.ts';

/** Clocks this far apart fail TLS and login tokens, and make logs hard to read. */
const clockDifferenceMs = 2 * 60_000;

/**
 * The edge asked about is `url`, else the one of this machine's enrolment, else one that `openagent up` would start
 * here.
 */
export const edgeChecks = async (settings: Settings, url: string | undefined): Promise<Check[]> => {
  const enrolment = await enrolmentOf(settings);
  if (typeof enrolment === 'string') return [fatal(enrolment, 'Then run this again')];
  const asked = url ?? (enrolment?.elsewhere ? enrolment.url : undefined);
  if (asked === undefined) return [enrolmentCheck(enrolment), ...(await ownEdgeChecks(settings, enrolment))];
  const health = await edgeHealth(asked).catch((error: unknown) =>
    String(error instanceof Error ? error.message : error),
  );
  if (typeof health === 'string') return [enrolmentCheck(enrolment), fatal('the edge does not answer', health)];
  const accepted = enrolment?.url === asked ? [await credentialCheck(enrolment), ...(await logCheck(enrolment))] : [];
  return [enrolmentCheck(enrolment), ...reached(asked, health), ...accepted];
};

/** A damaged file is said, not thrown: everything else is still worth knowing. */
const enrolmentOf = async ({ files }: Settings): Promise<HostFile | undefined | string> => {
  try {
    return await readEnrolment(files.host);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

const enrolmentCheck = (host: HostFile | undefined): Check => {
  if (host?.elsewhere) return works(`enrolled at ${host.url} as "${host.name}" (${host.id})`);
  if (host) return works('enrolled at the edge that `openagent up` starts here');
  return lacking(
    'not enrolled',
    '`openagent agent`',
    '`openagent up` enrols this machine at an edge of its own; for another edge: openagent enroll <url> <code>',
  );
};

const reached = (url: string, { version, link_protocol, clockAheadMs }: EdgeHealth): Check[] => {
  const fits = link_protocol === protocolVersion;
  const versions = `the edge's version ${version} and this ${manifest.version}`;
  const older = link_protocol > protocolVersion ? 'Update Open Agent on this machine' : 'Update the edge';
  const seconds = (Math.abs(clockAheadMs) / 1000).toFixed(1);
  const clock = `clock ${seconds} s ${clockAheadMs >= 0 ? 'ahead of' : 'behind'} the edge's`;
  return [
    works(`the edge at ${url} answers`),
    fits ? works(`${versions} fit`) : fatal(`${versions} do not fit`, older),
    Math.abs(clockAheadMs) < clockDifferenceMs
      ? works(clock)
      : lacking(clock, 'TLS and logins may fail, and logs mislead', 'timedatectl set-ntp true'),
  ];
};

/**
 * The share of its log from which admins are told; an edge that does not answer, or an older one, says nothing of it.
 */
const logCheck = async ({ url, id, credential }: Pick<HostFile, 'url' | 'id' | 'credential'>): Promise<Check[]> => {
  const call = edgeClient(url, `${id}.${credential}`).GET('/api/host/state');
  const state = await dataOf(url, hostStateJson, call).catch(() => undefined); // What is wrong then, other checks say.
  if (state === undefined) return [];
  if (state.log_full === 0) return [works('the log of this server has room')];
  return [
    lacking(
      `the log of this server is ${state.log_full} % full`,
      'new missions from 95 % on',
      'an admin deletes missions, or sets for how long the server keeps them: openagent retention <server> --days <n>',
    ),
  ];
};

const credentialCheck = async (host: HostFile): Promise<Check> => {
  try {
    if (await isAccepted(host)) return works('the edge accepts this machine');
    return fatal(
      "the edge does not accept this machine's credential",
      `It was removed there or enrolled elsewhere. Enrol it again: openagent enroll ${host.url} <code> --replace`,
    );
  } catch (error) {
    return fatal('the link to the edge can not be dialled', error instanceof Error ? error.message : String(error));
  }
};

/** Checks the edge of `openagent up`: it runs, or its port is free to start it. */
const ownEdgeChecks = async ({ host, port }: Settings, enrolment: HostFile | undefined): Promise<Check[]> => {
  const url = localUrl(host, port);
  const runs = await edgeHealth(url).catch(() => undefined); // Not running is the ordinary case, told apart below.
  if (runs) {
    const running = works(`the edge of \`openagent up\` runs at ${url} (version ${runs.version})`);
    return [running, ...(enrolment ? await logCheck({ ...enrolment, url }) : [])];
  }
  try {
    return [works(`port ${await claimPort(host, port)} is free for \`openagent up\``)];
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return [lacking(`port ${port} is not free`, '`openagent up`', text)];
  }
};
