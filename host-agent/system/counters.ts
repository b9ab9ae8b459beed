import { readFileSync } from 'node:fs';

/** Clock ticks of a processor since the machine started. */
interface Ticks {
  busy: number;
  total: number;
}

/** What the kernel has counted up to one moment; bytes. */
export interface Counters {
  cpu: Ticks;
  cores: Ticks[];
  memoryTotal: number;
  memoryUsed: number;
  received: number;
  sent: number;
}

/** What the kernel's files say: /proc/stat, /proc/meminfo, /proc/net/dev. */
export interface ProcTexts {
  stat: string;
  meminfo: string;
  netDev: string;
}

/** Files made by the kernel in memory: reading them without waiting takes microseconds. */
export const readProc = (): ProcTexts => ({
  stat: readFileSync('/proc/stat', 'utf8'),
  meminfo: readFileSync('/proc/meminfo', 'utf8'),
  netDev: readFileSync('/proc/net/dev', 'utf8'),
});

export const countersIn = ({ stat, meminfo, netDev }: ProcTexts): Counters => {
  const [cpu = { busy: 0, total: 0 }, ...cores] = [...stat.matchAll(/^cpu\d* +(.+)$/gm)].map(([, ticks]) =>
    ticksIn(ticks ?? ''),
  );
  const memoryTotal = kilobytes(meminfo, 'MemTotal') * 1024;
  const memoryUsed = memoryTotal - kilobytes(meminfo, 'MemAvailable') * 1024;
  const { received, sent } = trafficIn(netDev);
  return { cpu, cores, memoryTotal, memoryUsed: Math.max(0, memoryUsed), received, sent };
};

/** `user nice system idle iowait irq softirq steal …`; guest time, further on, is counted in user already. */
const ticksIn = (text: string): Ticks => {
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = text
    .split(' ')
    .map(Number);
  const busy = user + nice + system + irq + softirq + steal;
  return { busy, total: busy + idle + iowait };
};

const kilobytes = (meminfo: string, name: string): number =>
  Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0);

/**
 * Network interfaces whose traffic is not counted: it stays inside this machine, or is counted already on a real
 * interface (containers, bridges, tunnels).
 */
const inner = /^(lo|veth|ve-|vb-|vnet|docker|br-|virbr|cni|ifb|wg|tailscale)/;

const trafficIn = (netDev: string): { received: number; sent: number } => {
  const traffic = { received: 0, sent: 0 };
  for (const line of netDev.split('\n')) {
    const [, name, numbers] = /^ *([^ :]+): *(.+)$/.exec(line) ?? [];
    if (name === undefined || numbers === undefined || inner.test(name)) continue;
    const fields = numbers.split(/ +/).map(Number);
    traffic.received += fields[0] ?? 0;
    traffic.sent += fields[8] ?? 0;
  }
  return traffic;
};
