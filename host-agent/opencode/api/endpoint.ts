import { basicAuthorization } from './authorization.ts';
import { OpenCodeAway } from './failure.ts';
import { readServerFile, type ServerFile } from './server-file.ts';

/** Where OpenCode listens now, and which process that is. */
export interface Endpoint {
  url: string;
  authorization: string;
  /** Another one after each start of OpenCode (`instance` of server.json). */
  process: string;
  /** We started it, from our own package. */
  isOurs: boolean;
}

/** The current endpoint, kept until it failed. */
export interface EndpointFile {
  /** Throws OpenCodeAway while there is no readable file, or a failure in it. */
  get(): Endpoint;
  /** A connection failed: OpenCode may have been started again on another port, so the file is read anew next time. */
  failed(): void;
  /** Why OpenCode can't be started, as of now; null while nothing speaks against waiting for it. */
  failure(): string | null;
}

/** Reads `server.json`, which the launcher rewrites at each start of OpenCode, also at one that fails. */
export const endpointFile = (path: string): EndpointFile => {
  let known: Endpoint | null = null;
  return {
    get: () => {
      known ??= endpointOf(path);
      return known;
    },
    failed: () => {
      known = null;
    },
    failure: () => {
      try {
        const file = read(path);
        return 'failure' in file ? file.failure : null;
      } catch (error) {
        if (error instanceof OpenCodeAway) return null; // Nothing is known yet.
        throw error;
      }
    },
  };
};

const endpointOf = (path: string): Endpoint => {
  const file = read(path);
  if ('failure' in file) throw new OpenCodeAway(file.failure);
  const { url, instance, pid } = file;
  return {
    url: url.replace(/\/+$/, ''),
    authorization: basicAuthorization(file),
    process: instance,
    isOurs: typeof pid === 'number',
  };
};

const read = (path: string): ServerFile => {
  try {
    return readServerFile(path);
  } catch (error) {
    // A parser's message may quote the file, which holds the password.
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'not what the launcher writes';
    throw new OpenCodeAway(
      `OpenCode's address in ${path} can't be read (${reason}); it is written when OpenCode starts`,
    );
  }
};
