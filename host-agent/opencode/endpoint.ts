import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { OpenCodeAway } from './failure.ts';

const serverFile = z.object({
  url: z.string(),
  username: z.string(),
  password: z.string(),
  /** Fresh for each OpenCode process. */
  instance: z.string().min(1),
});

/** Where OpenCode listens now, and which process that is. */
export interface Endpoint {
  url: string;
  authorization: string;
  instance: string;
}

/** The current endpoint, kept until it failed. */
export interface EndpointFile {
  /** Throws OpenCodeAway while there is no readable file. */
  get(): Endpoint;
  /** A connection failed: OpenCode may have been started again on another port, so the file is read anew next time. */
  failed(): void;
}

/** Reads `server.json`, which the launcher rewrites at each start of OpenCode. */
export const endpointFile = (path: string): EndpointFile => {
  let known: Endpoint | null = null;
  return {
    get: () => {
      known ??= read(path);
      return known;
    },
    failed: () => {
      known = null;
    },
  };
};

const read = (path: string): Endpoint => {
  try {
    const { url, username, password, instance } = serverFile.parse(JSON.parse(readFileSync(path, 'utf8')));
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    return { url: url.replace(/\/+$/, ''), authorization, instance };
  } catch (error) {
    // A parser's message may quote the file, which holds the password.
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'not what the launcher writes';
    throw new OpenCodeAway(
      `OpenCode's address in ${path} can't be read (${reason}); it is written when OpenCode starts`,
    );
  }
};
