/**
 * The commands that run in an actor, by mission. One that was started in the background, or whose shell left something
 * running, stays until it is ended, its mission rests, or the actor ends.
 */
import { createHash, randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../shared/clock.ts';
import { type Command, startCommand } from './command.ts';
import { endFamily } from './end-family.ts';
import { commandEnvironment, markName } from './environment.ts';
import { hasStrangers, type Relative, type Root } from './family.ts';
import { makePipes } from './pipes.ts';

export interface Order {
  /** The mission's directory, which is what commands of a mission have in common. */
  mission: string;
  /** For people and models: the line that was asked for. */
  line: string;
  argv: readonly string[];
  cwd: string;
  /** Added to the environment of every command. */
  env?: Record<string, string>;
  /** Nothing in the environment but `env` and what finds programs. */
  bareEnv?: boolean;
  input?: string;
  apart: boolean;
  quietBytes: number;
  quietLines: number;
  show(text: string): void;
}

/** A command with a name by which its mission finds it again. */
export interface Named extends Command {
  id: string;
  line: string;
  cwd: string;
  startedMs: number;
  /** How far `bash_output` has read. */
  readTo: number;
}

export interface Commands {
  /** Throws what the system says where the shell can't be started. */
  start(order: Order, clock: Clock): Promise<Named>;
  /** Null where this mission has none of that name. */
  find(mission: string, id: string): Named | null;
  /** Those that are kept by name, the newest last. */
  of(mission: string): readonly Named[];
  /** Keeps a command by its name after the call that started it. */
  keep(mission: string, command: Named): void;
  /** How many run, of all missions, or have left something running. */
  running(): number;
  /** Ends everything that commands of a mission started. Resolves to what could not be ended. */
  endMission(mission: string, clock: Clock): Promise<Relative[]>;
  /** Whether processes are here that left parents, session and environment, so that nobody knows whose they are. */
  hasStrays(): boolean;
  /** Ends everything; no command can be started afterwards. */
  endAll(clock: Clock): Promise<Relative[]>;
}

/** An actor that ends is waited for, so its commands have less time than one that is cancelled. */
const hurryMs = 500;
/** How many commands of a mission that have ended can still be asked for what they printed. */
const maxEnded = 8;
/** What the files of a mission's commands take together; the oldest leave for a new one. */
const maxFileBytes = 512 * 1024 * 1024;

/** `own` is the environment that the actor was started with. */
export const makeCommands = (own: Readonly<Record<string, string | undefined>>): Commands => {
  // Nobody can guess another mission's marks and have its own processes taken for that one's, or the other way round.
  const token = randomBytes(12).toString('hex');
  const pipes = makePipes(commandEnvironment(own, { mark: token, bare: true }));
  const running = new Map<string, Map<string, Named>>();
  const kept = new Map<string, Map<string, Named>>();
  const files = new Map<string, { path: string; bytes: number }[]>();
  let isEnding = false;

  const markOf = (mission: string) => `${token}.${createHash('sha256').update(mission).digest('hex').slice(0, 16)}.`;
  const listed = (lists: Map<string, Map<string, Named>>, mission: string) => {
    const list = lists.get(mission) ?? new Map<string, Named>();
    lists.set(mission, list);
    return list;
  };
  const all = (lists: readonly (Map<string, Named> | undefined)[]) =>
    new Set(lists.flatMap((list) => [...(list?.values() ?? [])]));

  /** Notes the files of a command that has ended, and removes those of earlier ones that are too much by now. */
  const noteFiles = async (mission: string, { outputs }: Named): Promise<void> => {
    const noted = outputs.flatMap((output) => output.spool() ?? []);
    const list = [
      ...(files.get(mission) ?? []),
      ...noted.map((spool) => ({ path: spool.path, bytes: spool.keptBytes() })),
    ];
    let total = list.reduce((sum, { bytes }) => sum + bytes, 0);
    while (total > maxFileBytes && list.length > 1) {
      const oldest = list.shift();
      if (!oldest) break;
      total -= oldest.bytes;
      await rm(oldest.path, { force: true }).catch(() => undefined); // The agent may have put something else there.
    }
    if (list.length > 0) files.set(mission, list);
  };

  /** The processes of `commands`, and whatever else has the mark; then what they printed is here. */
  const endThese = async (commands: Set<Named>, mark: string, clock: Clock, graceMs?: number): Promise<Relative[]> => {
    const roots = [...commands].flatMap(({ root }): Root[] => (root ? [root] : []));
    const left = await endFamily(roots, mark, clock, graceMs);
    await Promise.all([...commands].map((command) => (command.isClosed() ? undefined : command.end())));
    return left;
  };

  return {
    start: async (order, clock) => {
      if (isEnding) throw new Error(ending);
      const id = `bash_${randomBytes(3).toString('hex')}`;
      const mark = `${markOf(order.mission)}${id}`;
      const taken = [await pipes.take(), order.apart ? await pipes.take() : null];
      const command = await startCommand(
        {
          argv: order.argv,
          cwd: order.cwd,
          env: { ...commandEnvironment(own, { mark, bare: order.bareEnv === true }), ...order.env, [markName]: mark },
          input: order.input,
          apart: order.apart,
          mark,
          file: (stream) => join(order.mission, 'temp', `${id}${stream === 'err' ? '.errors' : ''}.txt`),
          quietBytes: order.quietBytes,
          quietLines: order.quietLines,
          show: order.show,
        },
        order.apart ? taken : taken.slice(0, 1),
        clock,
      );
      const { line, cwd } = order;
      const named: Named = { ...command, id, line, cwd, startedMs: clock.steadyMs(), readTo: 0 };
      listed(running, order.mission).set(id, named);
      void command.closed.then(() => {
        void noteFiles(order.mission, named);
        const list = running.get(order.mission);
        list?.delete(id);
        if (list?.size === 0) running.delete(order.mission);
      });
      if (!isEnding) return named;
      await command.end();
      throw new Error(ending);
    },
    find: (mission, id) => kept.get(mission)?.get(id) ?? null,
    of: (mission) => [...(kept.get(mission)?.values() ?? [])],
    keep: (mission, command) => {
      const list = listed(kept, mission);
      list.set(command.id, command);
      const ended = [...list.values()].filter((each) => each.isClosed());
      for (const { id } of ended.slice(0, Math.max(0, ended.length - maxEnded))) list.delete(id);
    },
    running: () => [...all([...running.values(), ...kept.values()])].filter(isRunning).length,
    endMission: async (mission, clock) => {
      const left = await endThese(all([running.get(mission), kept.get(mission)]), markOf(mission), clock);
      kept.delete(mission);
      files.delete(mission);
      return left;
    },
    hasStrays: () => hasStrangers(token),
    endAll: async (clock) => {
      isEnding = true;
      const left = await endThese(all([...running.values(), ...kept.values()]), `${token}.`, clock, hurryMs);
      kept.clear();
      pipes.close();
      return left;
    },
  };
};

const ending = 'The actor ends, and starts no commands any more.';

const isRunning = (command: Named): boolean => command.exit() === null || command.left().length > 0;
