// What strangers who try passwords cost those who watch: the delay of a stream, without and with a flood of logins.
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { atMostTimes, type Report } from '../figures.ts';
import { openedMission, partRows } from '../host-rows.ts';
import { type MarkedStream, markText, watchMarks } from '../marked-stream.ts';
import { dialHost, type ScriptedHost } from '../scripted-host.ts';
import { spreadOf } from '../spread.ts';
import { startSystem } from '../system.ts';

/** The flood, and its aim. */
const loginsPerSecond = 100;
const times = 2;
const eventEveryMs = 20;

/** From where the flood comes. Every address of 127.0.0.0/8 is this machine's, and another stranger. */
const floods = {
  'one address, made-up names': () => '127.9.9.9',
  'an address for each, one name': (n: number) => `127.1.${(n >> 8) & 255}.${n & 255}`,
};

export const loginFlood = async (report: Report, quick: boolean): Promise<void> => {
  const system = await startSystem();
  const mission = openedMission();
  const parts = partRows(mission);
  const token = `${system.host.id}.${system.host.credential}`;
  const host = await dialHost(system.url, '/api/host/link', { run: randomUUID(), token });
  const seconds = quick ? 5 : 20;
  let mark = 0;
  /** Delays of events, one after the other, from the host to a viewer. */
  const delays = async (stream: MarkedStream, link: ScriptedHost): Promise<number[]> => {
    const taken: number[] = [];
    for (const until = performance.now() + seconds * 1000; performance.now() < until; ) {
      mark += 1;
      const begun = performance.now();
      link.send({ items: [parts.tool(markText(mark))], deltas: [] });
      await stream.reached(mark);
      const took = performance.now() - begun;
      taken.push(took);
      await pause(Math.max(0, eventEveryMs - took));
    }
    return taken;
  };
  try {
    await host.sendAll([{ items: mission.rows, deltas: [] }], Number.POSITIVE_INFINITY);
    const stream = await watchMarks(`${system.url}/api/control/stream?format=delta`, system.headers);
    await delays(stream, host);
    for (const [name, from] of Object.entries(floods)) {
      const before = spreadOf(await delays(stream, host));
      const flood = startFlood(system.url, from);
      const beside = spreadOf(await delays(stream, host));
      const statuses = await flood.stop();
      const after = spreadOf(await delays(stream, host));
      const p99 = (before.p99 + after.p99) / 2;
      report({
        name: `stream beside ${loginsPerSecond} logins/s from ${name}: p99`,
        value: beside.p99,
        unit: 'ms',
        baseline: { name: 'ms without p99', value: p99 },
        aim: atMostTimes(beside.p99, p99, times),
        note: `p50 ${((before.p50 + after.p50) / 2).toFixed(1)} → ${beside.p50.toFixed(1)} ms, longest ${before.max.toFixed(0)} → ${beside.max.toFixed(0)} ms; answers ${statuses}`,
      });
    }
    stream.close();
    await host.close();
  } finally {
    await system.close();
  }
};

/** Logs in with a wrong password, evenly, whether answers come or not. `stop` says how often which status came. */
const startFlood = (url: string, from: (n: number) => string) => {
  const agent = new Agent();
  const counts = new Map<number, number>();
  const open = new Set<Promise<void>>();
  let n = 0;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      n += 1;
      const body = JSON.stringify({ username: `made up ${n}`, password: 'a guess' });
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const options = { method: 'POST', agent, headers, localAddress: from(n) };
      request(`${url}/api/auth/login`, options, (response) => {
        const status = response.statusCode ?? 0;
        counts.set(status, (counts.get(status) ?? 0) + 1);
        response.on('end', resolve).resume();
      })
        .on('error', reject)
        .end(body);
    });
  const timer = setInterval(() => {
    const answer = one();
    open.add(answer);
    void answer.finally(() => open.delete(answer));
  }, 1000 / loginsPerSecond);
  return {
    stop: async (): Promise<string> => {
      clearInterval(timer);
      await Promise.all(open);
      agent.destroy();
      return [...counts].map(([status, count]) => `${count} × ${status}`).join(', ');
    },
  };
};
