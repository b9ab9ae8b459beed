/**
 * `opencode/server.json`: where OpenCode is, or why it can't be started. The launcher writes it, the host-agent reads
 * it.
 */
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import * as z from 'zod';
import { writePrivateFile } from '../../process/private-file.ts';

const openCodeServer = z.object({
  url: z.string(),
  username: z.string(),
  password: z.string(),
  /** Drawn for each OpenCode process: what belonged to another process is gone. */
  instance: z.string().min(1),
  /** Null for an OpenCode that we did not start. */
  pid: z.number().nullish(),
});
/** An OpenCode that runs. `startedAt` is for people who look into the file: milliseconds. */
export type OpenCodeAddress = z.infer<typeof openCodeServer> & { startedAt: number };

/** Instead of an address: what people are told whose messages can't be started. No secrets. */
const noServer = z.object({ failure: z.string().min(1) });
const serverFile = z.union([openCodeServer, noServer]);
export type ServerFile = z.infer<typeof serverFile>;

/** Throws when there is no file, or it is not one of ours; a parser's text may quote the password in it. */
export const readServerFile = (path: string): ServerFile => serverFile.parse(JSON.parse(readFileSync(path, 'utf8')));

export const announce = (path: string, server: OpenCodeAddress): Promise<void> =>
  writePrivateFile(path, JSON.stringify(server));

/** Says why there is no OpenCode; `failure` is a text for people, without secrets. */
export const announceFailure = (path: string, failure: string): Promise<void> =>
  writePrivateFile(path, JSON.stringify({ failure }));

/** Nothing is known yet: messages wait. What an earlier launcher wrote is about a process that is gone. */
export const announceNothing = (path: string): Promise<void> => rm(path, { force: true });

/** The OpenCode process that was announced last, if one of ours was; what can't be read says nothing. */
export const announcedInstance = (path: string): string | undefined => {
  try {
    const file = readServerFile(path);
    return 'instance' in file && typeof file.pid === 'number' ? file.instance : undefined;
  } catch {
    return undefined;
  }
};
