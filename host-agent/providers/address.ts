import { AppError } from '../../shared/errors.ts';
import { type ProviderSlug, providerTypes } from '../../shared/providers.ts';
import type { ProviderContext } from './context.ts';
import { openCodeId } from './known.ts';
import { liveIn, look } from './view.ts';

/** The base URL in what a person wrote, without a slash at its end; null where it is empty. Throws AppError. */
export const baseUrlOf = (text: string | null): string | null => {
  const wanted = text?.trim() ?? '';
  if (wanted === '') return null;
  const url = URL.parse(wanted);
  if (!url || !/^https?:$/.test(url.protocol))
    throw new AppError('bad_request', 'Invalid URL: base_url has to begin with http:// or https://');
  if (url.username || url.password || url.search)
    throw new AppError(
      'bad_request',
      'Invalid URL: base_url is kept in plain text, so it has no user, password or query',
    );
  return wanted.replace(/\/+$/, '');
};

/** From where, to where, and whether a key came with the change. */
interface Move {
  from: string | null;
  to: string | null;
  hasNewKey: boolean;
}

/**
 * Throws AppError where a key or login would be sent to another origin (scheme, host, port) than it was given for: who
 * changes an address could read every key that is kept here, though none is ever shown. A key counts that comes back
 * from the environment at the next start, too. Back to the provider's own address, which nobody chooses, is no such
 * move.
 */
export const requireKeyForOrigin = async (
  context: ProviderContext,
  slug: ProviderSlug,
  { from, to, hasNewKey }: Move,
): Promise<void> => {
  if (to === null || hasNewKey || originOf(from) === originOf(to)) return;
  const id = openCodeId(slug);
  const { label } = providerTypes[slug];
  const variable = context.facts().variables[id];
  if (variable !== undefined) {
    const text = `The key of ${label} comes from ${variable} in the environment of this server and would be sent to the new address. Remove it there and give the key together with base_url, or set both in OPENCODE_CONFIG_CONTENT of this server.`;
    throw new AppError('bad_request', text);
  }
  const view = await look(context);
  const live = liveIn(view, slug);
  if (live?.options.baseURL != null && originOf(live.options.baseURL) === originOf(to)) return;
  if (view.kinds[id] === undefined && live === undefined) return;
  const text = `A new address in base_url needs a new key in the same request (api_key): the key or login of ${label} that is kept here was given for ${from === null ? "the provider's own address" : originOf(from)} and is not sent to another one.`;
  throw new AppError('bad_request', text);
};

const originOf = (url: string | null): string | null => (url === null ? null : (URL.parse(url)?.origin ?? url));
