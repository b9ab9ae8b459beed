// What the tests of missions say again and again.
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { OpenCodeProcess } from '../../host-agent/opencode/process/process.ts';
import type { MessageCommand } from '../../shared/commands.ts';
import type { MissionId } from '../../shared/ids.ts';
import { message, newHostId, temporaryDirectory } from './host-store.ts';
import { handsOf } from './lab.ts';
import { announce, type HostOptions, type MissionHost, startMissionHost, textsOf } from './mission-host.ts';

/** A host with a store of its own, beside this OpenCode. */
export const optionsFor = (openCode: OpenCodeProcess, over: Partial<HostOptions> = {}): HostOptions => {
  const dir = temporaryDirectory();
  const serverFile = join(dir, 'server.json');
  announce(serverFile, openCode);
  return { dir, host: newHostId(), serverFile, hands: handsOf(openCode), ...over };
};

/** Starts a host and drops it after the test. */
export const startHost = (options: HostOptions): MissionHost => {
  const host = startMissionHost(options);
  onTestFinished(() => host.drop().catch(() => undefined)); // Dropped by the test itself.
  return host;
};

/** A message whose text is a script for the model. */
export const say = (
  content: string,
  over: Partial<MessageCommand> = {},
  args: Partial<MessageCommand['args']> = {},
): MessageCommand => {
  const base = message(over);
  return { ...base, at: Date.now(), args: { ...base.args, content, ...args } };
};

export const types = (host: MissionHost, mission: MissionId) => host.events(mission).map((event) => event.type);

/** The texts the log has of a mission, in order of their parts. */
export const texts = (host: MissionHost, mission: MissionId): string[] => [...textsOf(host.events(mission)).values()];

export const answerOf = (host: MissionHost, mission: MissionId, parts: readonly string[]): string => {
  const known = textsOf(host.events(mission));
  return parts.map((part) => known.get(part)).join('\n\n');
};

/** Positions in OpenCode's history, as numbers that sort like them. */
export const positions = (host: MissionHost, mission: MissionId): number[] =>
  host.rows(mission).flatMap(({ src }) => (src ? [src.seq * 1e6 + src.index] : []));
