import { expect, test } from 'vitest';
import { createLog } from '../../host-agent/process/log.ts';
import { countersIn, type ProcTexts, readProc } from '../../host-agent/system/counters.ts';
import { Samples } from '../../host-agent/system/samples.ts';
import { sample } from '../../shared/calls/system.ts';
import { handClock } from '../support/hand-clock.ts';

const netDev = (
  received: number,
  sent: number,
): string => `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 9999999    10    0    0    0     0          0         0  9999999    10    0    0    0     0       0          0
  eth0:${received}    10    0    0    0     0          0         0  ${sent}    10    0    0    0     0       0          0
docker0: 555    10    0    0    0     0          0         0  555    10    0    0    0     0       0          0
`;

/** Two cores: `busy` ticks of the first one and idle ones beside, the second always idle. */
const proc = (busy: number, idle: number, received = 0, sent = 0): ProcTexts => ({
  stat: `cpu  ${busy} 0 0 ${idle + busy + idle} 0 0 0 0 0 0\ncpu0 ${busy} 0 0 ${idle} 0 0 0 0 0 0\ncpu1 0 0 0 ${busy + idle} 0 0 0 0 0 0\nintr 1 2 3\n`,
  meminfo: 'MemTotal:        1000 kB\nMemFree:          100 kB\nMemAvailable:     250 kB\n',
  netDev: netDev(received, sent),
});

const samplesOf = (texts: ProcTexts[]) => {
  const queue = [...texts];
  const read = (): ProcTexts => queue.shift() ?? proc(0, 0);
  return new Samples(handClock(1_790_000_000_000), createLog(), read);
};

test('a sample is the difference of two looks at the kernel, per second', () => {
  const samples = samplesOf([proc(100, 100), proc(150, 150, 4_000, 1_000)]);
  samples.measure(10_000);
  samples.measure(12_000);

  expect(samples.after(null).samples).toEqual([
    {
      cpu_percent: 25,
      cpu_cores: [50, 0],
      memory_used: 750 * 1024,
      memory_total: 1000 * 1024,
      memory_percent: 75,
      network_rx_bytes_per_sec: 2_000,
      network_tx_bytes_per_sec: 500,
      timestamp_ms: 1_790_000_000_000,
    },
  ]);
});

test('one look is no sample yet, and counters that fell are no negative traffic', () => {
  const samples = samplesOf([proc(1, 1, 5_000, 5_000), proc(2, 2, 10, 10)]);
  samples.measure(0);
  expect(samples.after(null).samples).toEqual([]);
  samples.measure(1_000);

  expect(samples.after(null).samples).toMatchObject([{ network_rx_bytes_per_sec: 0, network_tx_bytes_per_sec: 0 }]);
});

test('each sample is given once to who names its last one, and the last minute to anybody else', () => {
  const samples = samplesOf([]);
  for (let second = 0; second <= 65; second++) samples.measure(second * 1_000);
  const { at, samples: minute } = samples.after(null);
  expect([at.n, minute.length]).toEqual([65, 60]);
  expect(samples.after(at).samples).toEqual([]);
  samples.measure(66_000);
  samples.measure(67_000);

  expect(samples.after(at)).toMatchObject({ at: { n: 67 }, samples: [{}, {}] });
  expect(samples.after({ ...at, n: 1 }).samples).toHaveLength(60);
  expect(samples.after({ collector: 'of a process before', n: 67 }).samples).toHaveLength(60);
  expect(samples.after({ ...at, n: 1_000 }).samples).toHaveLength(60);
});

test('the counters of this machine make a sample that the edge takes', () => {
  const samples = new Samples(handClock(), createLog());
  samples.measure(0);
  samples.measure(1_000);
  const { cores, memoryTotal, memoryUsed } = countersIn(readProc());

  const [first] = samples.after(null).samples;
  expect(sample.parse(first)).toEqual(first);
  expect(first?.cpu_cores).toHaveLength(cores.length);
  expect(cores.length).toBeGreaterThan(0);
  expect([memoryTotal > 100e6, memoryUsed > 10e6, memoryUsed < memoryTotal]).toEqual([true, true, true]);
});
