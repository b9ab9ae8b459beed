import * as z from 'zod';
import { at, openCodeCall } from './call.ts';
import { connectedProviders } from './connected-providers.ts';
import type { EndpointFile } from './endpoint.ts';
import { OpenCodeRefused } from './failure.ts';
import { patientPost } from './patient-call.ts';

/** A login's code is good for this long with every provider we know of. */
const loginMs = 15 * 60_000;
/** The beginning of a login asks the provider, over the internet. */
const beginMs = 30_000;

const methods = z.record(z.string(), z.array(z.object({ type: z.string(), label: z.string() })));
const login = z.object({ url: z.string(), method: z.enum(['auto', 'code']), instructions: z.string().catch('') });
export type Login = z.infer<typeof login>;

export type ProviderApi = ReturnType<typeof providerApi>;

/**
 * OpenCode's own API for providers and credentials. Throws as Client does; no error text has a key in it, although
 * OpenCode quotes what it refuses (measured). An instance sees a change once it was disposed (opencode §10.9).
 */
export const providerApi = (endpoint: EndpointFile) => {
  const call = openCodeCall(endpoint);
  const ok = z.unknown();

  return {
    connected: (directory: string) => connectedProviders(call, directory),

    /** The ways to log in that OpenCode and its plugins have, by provider. */
    methods: (directory: string) => call('GET', `/provider/auth${at(directory)}`, methods),

    setKey: async (id: string, key: string): Promise<void> => {
      try {
        await call('PUT', `/auth/${id}`, ok, { type: 'api', key });
      } catch (error) {
        throw error instanceof OpenCodeRefused ? withoutReason(error, 'did not take the key') : error;
      }
    },

    /** Harmless where there is nothing. */
    forget: (id: string) => call('DELETE', `/auth/${id}`, ok),

    /**
     * Begins a login with the method at `index` of `methods`; its end has to be asked for in the same directory. Null:
     * it has none.
     */
    beginLogin: (directory: string, id: string, index: number): Promise<Login | null> =>
      call('POST', `/provider/${id}/oauth/authorize${at(directory)}`, login.nullable(), { method: index }, beginMs),

    /** Resolves once OpenCode has the credentials; an `auto` login waits for the person. */
    endLogin: (directory: string, id: string, index: number, code: string | undefined): Promise<void> =>
      patientPost(
        endpoint,
        `/provider/${id}/oauth/callback${at(directory)}`,
        { method: index, ...(code === undefined ? {} : { code }) },
        loginMs,
      ),

    /** The next request of the directory reads configuration and credentials anew. */
    dispose: (directory: string) => call('POST', `/instance/dispose${at(directory)}`, ok),
  };
};

const withoutReason = ({ status }: OpenCodeRefused, what: string): OpenCodeRefused =>
  new OpenCodeRefused(status, `OpenCode ${what} (${status})`);
