import { Refused } from '../call/refused.ts';

/** What came for an address. */
export interface Fetched {
  /** Where it came from in the end. */
  url: URL;
  status: number;
  /** In small letters, without parameters; empty where the server says none. */
  mime: string;
  charset: string | undefined;
  bytes: Buffer;
}

export interface GetOptions {
  accept: string;
  timeoutMs: number;
  signal: AbortSignal;
  /** Whether an address may be asked to which another one leads. */
  mayAsk(next: URL): boolean;
}

/** A page or a picture has less; what has more is no text for a model. */
export const maxFetchBytes = 5 * 1024 * 1024;
/** As many as browsers follow. */
const maxRedirects = 20;
/** Honest about what it is, in the form that servers expect of a browser. */
const userAgent = 'Mozilla/5.0 (compatible; OpenAgent)';

/** The address that a text is. Throws `Refused` for one that is none, or of another kind. */
export const httpUrl = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new Refused(`${text} is no address of the web: begin with http:// or https://.`);
};

/**
 * Gets an address and follows where it leads. Resolves with the address that may not be asked where it leads to one,
 * and nothing was read of that. Throws `Refused` for what comes of the network, and the signal's reason when it aborts.
 */
export const get = async (first: URL, { accept, timeoutMs, signal, mayAsk }: GetOptions): Promise<Fetched | URL> => {
  const late = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([signal, late]);
  let url = first;
  try {
    for (let followed = 0; followed <= maxRedirects; followed++) {
      const response = await ask(url, accept, either);
      const to = response.headers.get('location');
      if (response.status < 300 || response.status > 399 || to === null) return await read(response, url);
      await response.body?.cancel();
      url = httpUrl(new URL(to, url).href);
      if (!mayAsk(url)) return url;
    }
  } catch (error) {
    if (error instanceof Refused) throw error;
    signal.throwIfAborted();
    if (late.aborted) throw new Refused(`${url.href} did not answer within ${timeoutMs / 1000} seconds.`);
    throw new Refused(`${url.href} could not be fetched: ${reasonOf(error)}`);
  }
  throw new Refused(`${first.href} leads on and on, ${maxRedirects} times by now.`);
};

const ask = (url: URL, accept: string, signal: AbortSignal): Promise<Response> => {
  const { username, password } = url;
  const bare = new URL(url);
  bare.username = bare.password = '';
  const who = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  return fetch(bare, {
    signal,
    redirect: 'manual',
    headers: {
      accept,
      'accept-language': 'en-US,en;q=0.9',
      'user-agent': userAgent,
      ...(username || password ? { authorization: `Basic ${who}` } : {}),
    },
  });
};

/** Counted as it is unpacked: what is small on the way can be large here. */
const read = async (response: Response, url: URL): Promise<Fetched> => {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > maxFetchBytes)
      throw new Refused(`${url.href} has more than 5 MB. Get it with bash: curl -L -o FILE '${url.href}'`);
    parts.push(part);
  }
  const type = response.headers.get('content-type') ?? '';
  return {
    url,
    status: response.status,
    mime: type.split(';')[0]?.trim().toLowerCase() ?? '',
    charset: /charset\s*=\s*"?([\w-]+)/i.exec(type)?.[1],
    bytes: Buffer.concat(parts),
  };
};

/** Node says only "fetch failed", and beneath it why. */
const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
};
