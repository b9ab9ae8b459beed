/** True for names that only this machine can mean: localhost and its subdomains, 127.0.0.0/8, ::1 (brackets or not). */
export const isLoopback = (hostname: string): boolean => {
  const name = hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
};

/** The host name in a `Host` header or an origin; null for what cannot be read, such as the origin `null`. */
export const hostnameOf = (text: string): string | null => {
  const url = text.includes('://') ? text : `http://${text}`;
  return URL.canParse(url) ? new URL(url).hostname : null;
};
