// Bugs as they could be made: each is a line of our own sources, changed, and the case that has to see it.
import type { Build } from '../faults/copied-build.ts';
import { longMessages, usedUpQuota } from './budget-cases.ts';
import { sameOnReload } from './conversation-cases.ts';
import { deletedMission } from './deletion-cases.ts';
import {
  absentCommand,
  type EdgeCase,
  killedAtAck,
  otherUser,
  overlappingText,
  repeatedBatch,
  restoredEdge,
  restoredHost,
} from './edge-cases.ts';
import { changeShownInLists, olderDirectory, refusedLeavesCurrent } from './effects-cases.ts';
import { killedWhileSending, restoredStore } from './host-cases.ts';
import type { Planted } from './plant.ts';
import { edgeAlone } from './stage.ts';
import { cappedStreams, resumedStream } from './stream-cases.ts';

export interface Bug {
  name: string;
  planted: Planted[];
  /** Passes on a build without the bug. */
  proof(build: Build): Promise<void>;
  /** How the proof fails with it. */
  symptom: RegExp;
}

const atEdge =
  (proof: EdgeCase) =>
  async (build: Build): Promise<void> =>
    proof(await edgeAlone(build));

export const bugs: readonly Bug[] = [
  {
    name: 'dedupe by n is off',
    planted: [{ file: 'shared/append.ts', from: "  if (n <= lastN) return 'repeated';\n", to: '' }],
    proof: atEdge(repeatedBatch),
    symptom: /rows told twice/,
  },
  {
    name: 'dedupe by src is off',
    planted: [
      {
        file: 'shared/append.ts',
        from: "  if (src && highest && !isAfter(src, highest)) return 'known_source';\n",
        to: '',
      },
    ],
    proof: atEdge(restoredHost),
    symptom: /a fact told under two numbers/,
  },
  {
    name: 'the object acknowledges before it commits',
    planted: [
      {
        file: 'worker/host/link/link.ts',
        from: '  #take(socket: WebSocket, frame: HostFrame): void {',
        to: '  async #take(socket: WebSocket, frame: HostFrame): Promise<void> {',
      },
      {
        file: 'worker/host/link/link.ts',
        from: "      case 'batch': {\n",
        to: `      case 'batch': {
        const n = frame.from + frame.items.length - 1;
        sendFrame(socket, { type: 'ack', run: frame.run, n, segment: this.#host.log.segment, seq: this.#host.log.head });
        await scheduler.wait(200);
`,
      },
    ],
    proof: atEdge(killedAtAck),
    symptom: /what was acknowledged/,
  },
  {
    name: 'the host-agent takes what was sent for acknowledged',
    planted: [
      {
        file: 'host-agent/link/stream.ts',
        from: '    this.#wire.send(this.#encode(outgoing), this.#sent);\n',
        to: `    if (outgoing.kind === 'rows') this.#outbox.ack(outgoing.run, outgoing.from + outgoing.items.length - 1);
    this.#wire.send(this.#encode(outgoing), this.#sent);
`,
      },
    ],
    proof: killedWhileSending,
    symptom: /never acknowledged comes again/,
  },
  {
    name: 'off is not checked',
    planted: [
      {
        file: 'shared/append.ts',
        from: '  if (off > storedLength) return null;\n  const suffix = text.slice(storedLength - off);\n',
        to: '  const suffix = text;\n',
      },
    ],
    proof: atEdge(overlappingText),
    symptom: /text told twice/,
  },
  {
    name: 'a restored outbox goes on under its old run',
    planted: [
      {
        file: 'host-agent/store/database.ts',
        from: "  const run = randomBytes(16).toString('base64url');\n",
        to: `  const before = db.prepare('SELECT run FROM runs ORDER BY position DESC LIMIT 1').get();
  const run = before ? text(before, 'run') : randomBytes(16).toString('base64url');
`,
      },
      {
        file: 'host-agent/store/database.ts',
        from: "'INSERT INTO runs (run) VALUES (?) RETURNING position'",
        to: "'INSERT INTO runs (run) VALUES (?) ON CONFLICT (run) DO UPDATE SET run = excluded.run RETURNING position'",
      },
    ],
    proof: restoredStore,
    symptom: /a row of a restored store is taken/,
  },
  {
    name: 'a restored edge goes on under its old log',
    planted: [
      {
        file: 'worker/host/link/link.ts',
        from: 'const reason = rolledBack(this.#host, hello);',
        to: 'const reason: string | null = null;',
      },
    ],
    proof: atEdge(restoredEdge),
    symptom: /the log of an edge that was rolled back/,
  },
  {
    name: 'lost is concluded before the log has reached at',
    planted: [
      {
        file: 'worker/host/log/awaited.ts',
        from: '  if (at === null || runPosition(sql, at.run) < at.n) return null;\n',
        to: '  if (at === null) return null;\n',
      },
    ],
    proof: atEdge(absentCommand),
    symptom: /a turn that had ended/,
  },
  {
    name: 'a message has its place where it was taken in',
    planted: [
      {
        file: 'worker/host/record/record.ts',
        from: "(isShown(event) || (placed !== null && event.type === 'turn.started'))",
        to: "(isShown(event) || event.type === 'message.kept')",
      },
    ],
    proof: atEdge(sameOnReload),
    symptom: /not what a reload shows:[\s\S]*line \d+ of \/events is .*"head":"message /,
  },
  {
    name: 'a reload shows an answer without its texts',
    planted: [{ file: 'worker/host/views/stored.ts', from: 'texts.assistantMessage(event)', to: 'event.text' }],
    proof: atEdge(sameOnReload),
    symptom: /not what a reload shows:[\s\S]*"head":"answer [^"]*","text":"".*of the log .*"text":"Hello world"/,
  },
  {
    name: 'the owner filter is off',
    planted: [
      {
        file: 'worker/host/viewers/audience.ts',
        from: 'mission.owner === state.owner && (state.mission === null || state.mission === mission.id)',
        to: 'state.mission === null || state.mission === mission.id',
      },
    ],
    proof: atEdge(otherUser),
    symptom: /another user's events/,
  },
  {
    name: 'commands are one frame, however long they are',
    planted: [
      {
        file: 'worker/host/link/command-frames.ts',
        from: 'if (held.length > 0 && bytes + size > maxBytes) {',
        to: 'if (held.length > 1_000) {',
      },
    ],
    proof: atEdge(longMessages),
    symptom: /bytes of a frame that its host refuses/,
  },
  {
    name: 'a quota is counted and not kept',
    planted: [
      {
        file: 'worker/host/usage/usage.ts',
        from: '(wanted[name] ?? 0) > limits[name]',
        to: '(wanted[name] ?? 0) > Number.MAX_SAFE_INTEGER',
      },
    ],
    proof: atEdge(usedUpQuota),
    symptom: /a message for which there is no room/,
  },
  {
    name: 'a replay shows deleted missions',
    planted: [
      {
        file: 'worker/host/viewers/visible.ts',
        from: 'mission?.deleted_at === null ? mission.owner : null',
        to: 'mission?.owner ?? null',
      },
    ],
    proof: atEdge(deletedMission),
    symptom: /what a stream shows of a deleted mission/,
  },
  {
    name: 'a change of a mission owes D1 nothing',
    planted: [
      {
        file: 'worker/host/tables.ts',
        from: "    wantMission('missions_changed', 'UPDATE OF rev ON missions'),\n",
        to: '',
      },
    ],
    proof: atEdge(changeShownInLists),
    symptom: /a change that lists never show/,
  },
  {
    name: 'what an object has read stays known when its table is written',
    planted: [
      {
        file: 'worker/host/effects/effects.ts',
        from: "remembered<number | null>('effects')",
        to: 'remembered<number | null>()',
      },
    ],
    proof: atEdge(changeShownInLists),
    symptom: /a mission that lists never show/,
  },
  {
    name: 'an older copy of D1 is taken for the newest',
    planted: [{ file: 'worker/host/effects/directory.ts', from: ' || before.slice < told', to: '' }],
    proof: atEdge(olderDirectory),
    symptom: /what an older copy of D1 does not have/,
  },
  {
    name: 'what is refused becomes the current mission',
    planted: [
      {
        file: 'worker/missions/place.ts',
        from: 'await account.setCurrent(before === undefined ?',
        to: 'await Promise.resolve(before === undefined ?',
      },
    ],
    proof: atEdge(refusedLeavesCurrent),
    symptom: /where the next message goes after a refusal/,
  },
  {
    name: "a user's number of streams is counted and not kept",
    planted: [
      {
        file: 'worker/stream/admission.ts',
        from: 'stream: { most: this.#edge.most,',
        to: 'stream: { most: async () => Number.MAX_SAFE_INTEGER,',
      },
    ],
    proof: atEdge(cappedStreams),
    symptom: /a stream for which its user has no room/,
  },
  {
    name: 'a stream begins anew whatever its client has seen',
    planted: [
      {
        file: 'worker/routes/stream.ts',
        from: "const after = c.req.header('Last-Event-ID') || query.after || null;",
        to: 'const after = null;',
      },
    ],
    proof: atEdge(resumedStream),
    symptom: /what a stream shows behind its cursor/,
  },
];
