import { isIPv4, isIPv6 } from 'node:net';

/** Addresses that nobody can read are counted together. */
const unreadable = 'unknown';

/**
 * What an address is counted as: an IPv4 address as itself, also where it is written as IPv6 (mapped, `::ffff:1.2.3.4`,
 * or by NAT64), and of IPv6 the first 64 bits, since whoever has one address there has all of them.
 */
export const network = (text: string): string => {
  const address = withoutPort(text.trim());
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return unreadable;
  const groups = groupsOf(address);
  const start = groups.slice(0, 6).join(':');
  if (start === '0:0:0:0:0:ffff' || start === '64:ff9b:0:0:0:0') return dotted(groups.slice(6));
  return `${groups.slice(0, 4).join(':')}::/64`;
};

/** Proxies write `1.2.3.4:567` and `[::1]:567` too, and `fe80::1%eth0`. */
const withoutPort = (text: string): string => {
  const [, inBrackets] = /^\[([^\]]*)\](?::\d+)?$/.exec(text) ?? [];
  if (inBrackets !== undefined) return inBrackets.replace(/%.*$/, '');
  return /^[\d.]+:\d+$/.test(text) ? text.replace(/:\d+$/, '') : text.replace(/%.*$/, '');
};

/** The eight groups, without leading zeros. A URL has one spelling of each address, with `::` in the longest gap. */
const groupsOf = (address: string): string[] => {
  const spelled = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [before = '', after = ''] = spelled.split('::');
  const [head, tail] = [before, after].map((part) => (part === '' ? [] : part.split(':')));
  const rest = tail ?? [];
  return [...(head ?? []), ...Array<string>(8 - (head?.length ?? 0) - rest.length).fill('0'), ...rest];
};

const dotted = (groups: readonly string[]): string =>
  groups
    .map((group) => Number.parseInt(group, 16))
    .flatMap((group) => [group >> 8, group & 255])
    .join('.');
