import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { writePrivateFile } from '../../process/private-file.ts';

/** `opencode/server.json` while OpenCode is there: the host-agent reads it again whenever OpenCode does not answer. */
export interface OpenCodeServer {
  url: string;
  username: string;
  password: string;
  /** Drawn for each OpenCode process: what belonged to another process is gone. */
  instance: string;
  /** Null for an OpenCode that we did not start. */
  pid: number | null;
  startedAt: number;
}

export const announce = (path: string, server: OpenCodeServer): Promise<void> =>
  writePrivateFile(path, JSON.stringify(server));

/** Instead of an address: `failure` is what people are told whose messages can't be started. No secrets. */
export const announceFailure = (path: string, failure: string): Promise<void> =>
  writePrivateFile(path, JSON.stringify({ failure }));

/** Nothing is known yet: messages wait. What an earlier launcher wrote is about a process that is gone. */
export const announceNothing = (path: string): Promise<void> => rm(path, { force: true });

/** The OpenCode process that was announced last, if one of ours was; what can't be read says nothing. */
export const announcedInstance = (path: string): string | undefined => {
  try {
    return z.object({ instance: z.string(), pid: z.number() }).parse(JSON.parse(readFileSync(path, 'utf8'))).instance;
  } catch {
    return undefined;
  }
};
