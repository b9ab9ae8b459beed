/**
 * True for a listener that only this machine can reach. A name other than localhost may resolve to anything; `[::1]` as
 * in a URL.
 */
export const isLoopback = (host: string): boolean => {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || name === '::1' || /^127(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/.test(name);
};

/**
 * True for a name by which a client on this machine has dialled (its `Host` header, or an origin). Subdomains of
 * localhost are among them: browsers reach this machine by them without asking anybody.
 */
export const isLoopbackName = (name: string): boolean => {
  const plain = name.toLowerCase().replace(/\.$/, '');
  return isLoopback(plain) || plain.endsWith('.localhost');
};

/** Whether what is sent to this address can be read and changed on the way. */
export const isOpenOnTheWay = (url: string): boolean =>
  new URL(url).protocol === 'http:' && !isLoopbackName(new URL(url).hostname);

/** The host name in a `Host` header or an origin; null for what cannot be read, such as the origin `null`. */
export const hostnameOf = (text: string): string | null => {
  const url = text.includes('://') ? text : `http://${text}`;
  return URL.canParse(url) ? new URL(url).hostname : null;
};
