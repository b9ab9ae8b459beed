import { AppError } from '../../shared/errors.ts';
import { type ProviderSlug, providerTypes } from '../../shared/providers.ts';
import { OpenCodeAway, OpenCodeRefused } from '../opencode/api/failure.ts';
import type { Login } from '../opencode/api/provider-api.ts';
import type { ProviderContext } from './context.ts';
import { loginLabel, openCodeId } from './known.ts';

/** How long a person may take from the beginning of a login to the code (contract §2.7). */
const pendingMs = 10 * 60_000;

interface Pending {
  index: number;
  /** Index of the method in OpenCode. */
  theirs: number;
  kind: Login['method'];
  /** ms */
  begunAt: number;
}

/**
 * Logins that were begun and not ended yet: one for each provider, the newest; OpenCode holds the rest of what they
 * are.
 */
export class Logins {
  readonly #context: ProviderContext;
  readonly #pending = new Map<ProviderSlug, Pending>();

  constructor(context: ProviderContext) {
    this.#context = context;
  }

  /** Begins a login with the contract's method at `index`. Throws AppError where this OpenCode has none. */
  async begin(slug: ProviderSlug, index: number): Promise<{ url: string; instructions: string; method: 'code' }> {
    const { label, methods } = providerTypes[slug];
    const method = methods[index];
    if (!method) throw new AppError('bad_request', `${label} has no login method ${index}.`);
    const { api, folders, clock, file } = this.#context;
    const address = file.get().providers[slug]?.base_url ?? null;
    if (address !== null) throw new AppError('bad_request', elsewhereText(label, address));
    const wanted = loginLabel(slug, index);
    const id = openCodeId(slug);
    const theirs =
      method.type === 'oauth' && wanted
        ? ((await api.methods(folders.logins))[id] ?? []).findIndex(
            (each) => each.type === 'oauth' && wanted.test(each.label),
          )
        : -1;
    if (theirs < 0) throw new AppError('bad_request', noLoginText(slug, method.label));
    const login = await failing(() => api.beginLogin(folders.logins, id, theirs), beginText(label));
    if (login === null) throw new AppError('bad_request', noLoginText(slug, method.label));
    this.#pending.set(slug, { index, theirs, kind: login.method, begunAt: clock.now() });
    const instructions = login.method === 'code' ? login.instructions : `${login.instructions} ${autoText}`.trim();
    // A login that ends without a code is shown like the others, because the existing apps know only the form with a
    // code.
    return { url: login.url, instructions, method: 'code' };
  }

  /** Ends it; resolves when OpenCode has the credentials. Whatever comes of it, it is not pending any more. */
  async end(slug: ProviderSlug, index: number, code: string): Promise<void> {
    const { api, folders, clock } = this.#context;
    const { label } = providerTypes[slug];
    const pending = this.#pending.get(slug);
    if (!pending || pending.index !== index)
      throw new AppError('bad_request', `No login of ${label} is pending. Begin it again.`);
    this.#pending.delete(slug);
    if (clock.now() - pending.begunAt > pendingMs)
      throw new AppError('bad_request', `This login of ${label} was begun more than 10 minutes ago. Begin it again.`);
    const pasted = code.trim();
    if (pending.kind === 'code' && pasted === '')
      throw new AppError('bad_request', 'The code is missing. Begin the login again and paste the code it shows.');
    const given = pending.kind === 'code' ? pasted : undefined;
    await failing(() => api.endLogin(folders.logins, openCodeId(slug), pending.theirs, given), endText(label));
  }
}

const autoText = 'When the page says that you are done, send any text here: no code is needed.';

/** A login is for the provider's own address; one that somebody set for a key of theirs would get it. */
const elsewhereText = (label: string, address: string): string =>
  `${label} has the base_url ${address}, which would be sent this login. Clear it (base_url null), then log in.`;

const beginText = (label: string): string =>
  `${label} could not be asked to begin a login. The server needs the internet for it; OpenCode's log says more.`;
const endText = (label: string): string =>
  `${label} did not accept this login: the code may be wrong, or too old. Begin the login again.`;

const noLoginText = (slug: ProviderSlug, method: string): string => {
  const { label, methods } = providerTypes[slug];
  const key = methods.some(({ type }) => type === 'api');
  return key
    ? `OpenCode on this server has no login "${method}" for ${label}. Connect it by an API key.`
    : `OpenCode on this server has no login for ${label}.`;
};

/** OpenCode says of a failed login only that it failed. */
const failing = async <T>(work: () => Promise<T>, text: string): Promise<T> => {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof OpenCodeRefused || cause instanceof OpenCodeAway)
      throw new AppError('bad_gateway', text, { cause });
    throw cause;
  }
};
