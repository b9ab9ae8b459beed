// Bugs that a case of a suite has to see: where that case has means of its own, such as a clock moved by hand or a
// bucket that hangs, and would be written twice here.
import type { Planted } from './plant.ts';

export interface SuiteBug {
  name: string;
  planted: Planted[];
  /** The real case; `title` begins its title. */
  seenBy: { project: 'edge' | 'host'; file: string; title: string };
  /** How the case fails with it. */
  symptom: RegExp;
}

export const suiteBugs: readonly SuiteBug[] = [
  {
    name: 'what all streams of an isolate keep has no bound',
    planted: [
      {
        file: 'worker/stream/unread.ts',
        from: `    while (this.#bytes > slowBytes && this.#letGoSlowest(slowBytes, nowMs - slowAfterMs));
    while (this.#bytes > mostBytes && this.#letGoSlowest(mostBytes, Number.POSITIVE_INFINITY));
`,
        to: '',
      },
    ],
    seenBy: {
      project: 'edge',
      file: 'test/edge/stream-unread.test.ts',
      title: '127 streams that nobody reads keep no more than the isolate has for them',
    },
    symptom: /to be less than or equal to/,
  },
  {
    name: 'what a call printed is shown behind its result',
    planted: [
      { file: 'worker/host/viewers/printed.ts', from: 'if (shown.size === 0 ||', to: 'if (shown.size >= 0 ||' },
    ],
    seenBy: {
      project: 'edge',
      file: 'test/edge/live-output.test.ts',
      title: 'pieces that come with the call and with its result are between both',
    },
    symptom: /to deeply equal/,
  },
  {
    name: 'the stream that took something last goes first',
    planted: [
      {
        file: 'worker/stream/unread.ts',
        from: 'of this.#behind) {\n      if',
        to: 'of [...this.#behind].toReversed()) {\n      if',
      },
    ],
    seenBy: {
      project: 'edge',
      file: 'test/edge/stream-unread.test.ts',
      title: 'the slowest goes first, and alone',
    },
    symptom: /to be 100/,
  },
  {
    name: 'what was opened is not looked at again',
    planted: [
      {
        file: 'host-agent/workspaces/pinned.ts',
        from: 'await checkReach(roots, scope, await readlink(',
        to: 'await (async (..._: unknown[]) => undefined)(roots, scope, await readlink(',
      },
    ],
    seenBy: {
      project: 'host',
      file: 'test/host/outside-swapped.test.ts',
      title: 'of a file whose directory became a link nothing is read',
    },
    symptom: /promise resolved/,
  },
  {
    name: 'a directory that was opened is not looked at again',
    planted: [
      {
        file: 'host-agent/workspaces/pinned.ts',
        from: '    await check(directory.path);\n',
        to: '',
      },
    ],
    seenBy: {
      project: 'host',
      file: 'test/host/outside-swapped.test.ts',
      title: 'nothing is made, put or removed where a link leads that came in between',
    },
    symptom: /promise resolved/,
  },
  {
    name: 'directories are made in one that was not looked at again',
    planted: [
      {
        file: 'host-agent/workspaces/pinned.ts',
        from: '      await check(join(directory.path, ...missing)).catch',
        to: '      await Promise.resolve().catch',
      },
    ],
    seenBy: {
      project: 'host',
      file: 'test/host/outside-swapped.test.ts',
      title: 'nothing is made, put or removed where a link leads that came in between',
    },
    symptom: /'new'/,
  },
  {
    name: 'what the archive did not take is dropped',
    planted: [
      {
        file: 'worker/host/retention/retention.ts',
        from: 'await archive.write(name, textOf(host, directory.host, slice));',
        to: 'await archive.write(name, textOf(host, directory.host, slice)).catch(() => undefined);',
      },
    ],
    seenBy: {
      project: 'edge',
      file: 'test/edge/retention-archive.test.ts',
      title: 'nothing is dropped while it is refusing',
    },
    symptom: /to deeply equal/,
  },
  {
    name: 'the beginning of a turn that runs leaves the log',
    planted: [
      {
        file: 'worker/host/retention/slice.ts',
        from: 'Math.min(leavesUpTo(host, mission), beforeRunning(host, mission))',
        to: 'leavesUpTo(host, mission)',
      },
    ],
    seenBy: {
      project: 'edge',
      file: 'test/edge/retention.test.ts',
      title: 'nothing of a turn that runs leaves, however long it runs',
    },
    symptom: /second asked/,
  },
  {
    name: 'a slow archive wakes its object again and again',
    planted: [
      {
        file: 'worker/host/retention/retention.ts',
        from: 'if (this.#isUnderWay) return host.now() + lostMs;',
        to: 'if (this.#isUnderWay) return host.now();',
      },
    ],
    seenBy: {
      project: 'edge',
      file: 'test/edge/retention-hanging.test.ts',
      title: 'a bucket that never answers is waited for so long',
    },
    symptom: /to be greater than/,
  },
  {
    name: 'the id of the next mission is given to everybody who asks',
    planted: [
      {
        file: 'worker/host/missions/prepared.ts',
        from: "  sql.exec('UPDATE prepared SET taken = 1 WHERE mission = ?', next.mission);\n",
        to: '',
      },
    ],
    seenBy: {
      project: 'edge',
      file: 'test/edge/prepared.test.ts',
      title: 'of many who make a mission at once each gets another',
    },
    symptom: /to be 6/,
  },
  {
    name: 'an instance is used that was made by another configuration',
    planted: [
      {
        file: 'host-agent/missions/preparing/preparations.ts',
        from: "return state.is === 'made' && state.stamp === (await this.#stamp(directory));",
        to: "return state.is === 'made';",
      },
    ],
    seenBy: {
      project: 'host',
      file: 'test/host/preparing.test.ts',
      title: 'a change of its own configuration behind the preparing reaches the first message',
    },
    symptom: /to be true/,
  },
  {
    name: 'uploads are counted and not kept within their quota',
    planted: [
      {
        file: 'worker/host/usage/uploads.ts',
        from: 'mine.uploads + 1 > given.uploads',
        to: 'mine.uploads + 1 > Number.MAX_SAFE_INTEGER',
      },
    ],
    seenBy: {
      project: 'edge',
      file: 'test/edge/quotas.test.ts',
      title: 'uploads count while they last, by number and by what they announce',
    },
    symptom: /429/,
  },
];
