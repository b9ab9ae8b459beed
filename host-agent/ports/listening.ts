import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type * as z from 'zod';
import type { listeningPort } from '../../shared/calls/ports.ts';

export type Listening = z.infer<typeof listeningPort>;

/** TCP_LISTEN of the kernel (include/net/tcp_states.h), as `/proc/net/tcp` writes it. */
const listenState = '0A';
const maxCommandChars = 200;

/**
 * What these processes listen on by TCP, by port. Whose a socket is says the process that has it open: the table of the
 * kernel has those of the whole network, also where processes of others are hidden. One that can't be read, or ends
 * meanwhile, has none.
 */
export const listeningOf = (pids: Iterable<number>): Listening[] => {
  const all = new Map([...tableOf('tcp'), ...tableOf('tcp6')]);
  const found = new Map<string, Listening>();
  for (const pid of [...pids].sort((a, b) => a - b)) {
    for (const inode of socketsOf(pid)) {
      const at = all.get(inode);
      const name = at && `${at.port} ${at.address}`;
      if (at && name && !found.has(name)) found.set(name, { ...at, pid, command: commandOf(pid) });
    }
  }
  return [...found.values()].sort((a, b) => a.port - b.port);
};

/** The address to dial for what listens at this one: that one alone, since another may be somebody else's. */
export const dialledAt = ({ address }: Pick<Listening, 'address'>): string =>
  address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;

/** The listening sockets of this network by inode. Empty where the kernel has no such table (no IPv6, say). */
const tableOf = (name: 'tcp' | 'tcp6'): [string, { port: number; address: string }][] =>
  (readOrNull(`/proc/self/net/${name}`) ?? '')
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      const [address = '', port = ''] = local.split(':');
      if (state !== listenState || inode === undefined) return [];
      return [[inode, { port: Number.parseInt(port, 16), address: addressOf(address) }]];
    });

/** The kernel writes an address as words of four bytes, each in the order of the processor (here little-endian). */
export const addressOf = (hex: string): string => {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return dotted(bytes);
  const groups = Array.from({ length: 8 }, (_, at) => `${bytes[2 * at]}${bytes[2 * at + 1]}`.toLowerCase());
  if (groups.slice(0, 6).join('') === `${'0000'.repeat(5)}ffff`) return dotted(bytes.slice(12));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
};

const dotted = (bytes: readonly string[]): string => bytes.map((byte) => Number.parseInt(byte, 16)).join('.');

const socketsOf = (pid: number): string[] => {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => socketAt(`/proc/${pid}/fd/${fd}`) ?? []);
  } catch {
    return []; // It ended, or is nobody's to look into.
  }
};

const socketAt = (path: string): string | undefined => {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(path))?.[1];
  } catch {
    return undefined; // It was closed while we looked.
  }
};

const commandOf = (pid: number): string =>
  (readOrNull(`/proc/${pid}/cmdline`) || readOrNull(`/proc/${pid}/comm`) || '')
    .replaceAll('\0', ' ')
    .trim()
    .slice(0, maxCommandChars);

const readOrNull = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // It ended, or there is no such table.
  }
};
