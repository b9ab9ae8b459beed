import { dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beginningOf } from '../../../shared/text.ts';
import { handsSockets } from '../../hands/socket.ts';
import { noteEnd } from '../../opencode/api/ends.ts';
import { announce, announcedInstance, announceFailure, announceNothing } from '../../opencode/api/server-file.ts';
import { openCodeFolders } from '../../opencode/config/folders.ts';
import { isFrozen } from '../../opencode/process/frozen.ts';
import { prepareOpenCode } from '../../opencode/process/prepare.ts';
import { type OpenCodeProcess, startOpenCode } from '../../opencode/process/process.ts';
import { describeExit } from '../../process/child.ts';
import { leaveNote } from '../../process/note.ts';
import { sharedDirectory } from '../../process/private-file.ts';
import { wardenIn } from '../../warden/client.ts';
import { seenInstead } from '../../workspaces/seen.ts';
import { pluginBeside } from '../plugin-file.ts';
import { say } from '../say.ts';
import { endedWithOpenCode, noteReaped } from '../state/reaped.ts';
import type { Start } from '../state/start.ts';
import type { Running } from './children.ts';
import type { Role } from './supervise.ts';

/**
 * OpenCode as a supervised child: prepared anew, and announced in server.json, at each start, also at one that fails.
 * Its tools are a plug-in that was built beside `script`.
 */
export const openCodeRole = (start: Start, script: string): Role => {
  const { openCodeServer, openCodeEnds } = start.settings.files;
  const sayOnce = onceEach(say);
  let isFirst = true;
  return {
    name: 'opencode',
    start: async () => {
      if (isFirst) {
        const before = announcedInstance(openCodeServer);
        if (before) await noteEnd(openCodeEnds, before, `${start.name} ended without being stopped ${inATurn}`);
        await announceNothing(openCodeServer);
      }
      isFirst = false;
      try {
        return await startOnce(start, script, sayOnce);
      } catch (error) {
        try {
          await announceFailure(openCodeServer, failureText(error, start.logFileOf('launcher')));
        } catch (cause) {
          start.log.error('opencode.not_announced', { error: cause }); // Messages wait, instead of being told why.
        }
        throw error;
      }
    },
  };
};

const inATurn = 'in the middle of this turn.';

const startOnce = async (start: Start, script: string, tell: (line: string) => void): Promise<Running> => {
  const { settings, clock, lock } = start;
  const { openCodeServer } = settings.files;
  const hands = { socket: handsSockets(settings.files.hands).calls, bundle: pluginBeside(script) };
  const dir = dirname(openCodeServer);
  const cover = start.means.mounts ? await seenInstead(settings.workingDir, openCodeFolders(dir).seen) : null;
  const user = start.ownUsers?.openCode ?? null;
  if (user !== null) await sharedDirectory(settings.files.hands, user); // Its tools are behind a socket there.
  const prepared = await prepareOpenCode({ dir, env: settings.environment, hands, cover, user });
  for (const warning of prepared.warnings) tell(warning);
  const child = await startOpenCode({ prepared, means: start.means, clock });
  const { url, username, password, instance, pid } = child;
  try {
    await lock.record('opencode', pid);
    void closePort(new URL(url), start, tell);
    await announce(openCodeServer, { url, username, password, instance, pid, startedAt: clock.now() });
    return endedWhenFrozen(sayingWhatItLeft(child, start), child, start);
  } catch (error) {
    await child.stop();
    throw error;
  }
};

/** Nobody waits for it: what keeps agents from OpenCode is its password, and this is one wall more. */
const closePort = async ({ port }: URL, { boundary, settings, clock, log }: Start, tell: (line: string) => void) => {
  if (boundary.kind !== 'places') return;
  try {
    await wardenIn(settings.files.warden, clock).close(Number(port));
  } catch (error) {
    log.error('opencode.port_open', { error });
    tell("Agents can reach OpenCode's port, though not its password. To close it: apt-get install nftables");
  }
};

const frozenText =
  'OpenCode had stopped answering and was ended and started again. Missions that it worked on are interrupted and can be resumed.';

/** A frozen OpenCode is ended, upon which it is started again like one that died. */
const endedWhenFrozen = (running: Running, child: OpenCodeProcess, { settings, clock, log }: Start): Running => {
  void isFrozen(child, clock).then(async (frozen) => {
    if (!frozen) return;
    log.error('opencode.frozen', { pid: child.pid });
    await noteHow({ settings, log }, child, `OpenCode had stopped answering ${inATurn}`);
    const note = { at: clock.now(), code: 'opencode.frozen', text: frozenText };
    await leaveNote(settings.files.notes, note).catch((error: unknown) =>
      log.error('opencode.frozen_not_noted', { error }),
    );
    await child.stop();
  });
  return running;
};

/** Before it is ended: whoever hears of an aborted turn can read why. */
const noteHow = ({ settings, log }: Pick<Start, 'settings' | 'log'>, child: OpenCodeProcess, text: string) =>
  noteEnd(settings.files.openCodeEnds, child.instance, text).catch((error: unknown) =>
    log.error('opencode.end_not_noted', { error }),
  );

/**
 * The same process, except that `exited` resolves only after a note was left for the log about the processes that had
 * to be ended with it.
 */
const sayingWhatItLeft = (child: OpenCodeProcess, { name, settings, clock, log }: Start): Running => {
  let isStopped = false;
  const exited = child.exited.then(async (exit) => {
    const how = isStopped ? 'was stopped' : describeExit(exit);
    if (!isStopped) await noteHow({ settings, log }, child, `OpenCode ${how} ${inATurn}`);
    await noteReaped(exit.left ?? [], endedWithOpenCode(how), { directory: settings.files.notes, clock, log });
    return exit;
  });
  return {
    pid: child.pid,
    exited,
    stop: async () => {
      isStopped = true;
      await noteHow({ settings, log }, child, `${name} was stopped ${inATurn}`);
      return child.stop();
    },
  };
};

/**
 * Only this much of an error is shown to people: its beginning says what it is, and the rest may be all that a program
 * has printed.
 */
const reasonChars = 500;

const failureText = (error: unknown, logFile: string): string => {
  const said = error instanceof Error ? error.message : String(error);
  const message = stripVTControlCharacters(said).replace(/\s+/g, ' ').trim();
  const reason = message.length > reasonChars ? `${beginningOf(message, reasonChars)}…` : message;
  return (
    `OpenCode can't be started on this server: ${reason.replace(/\.$/, '')}. It is tried again by itself, and ${logFile} on the ` +
    'server has the details. Send the message again when OpenCode runs.'
  );
};

/** Restarts prepare OpenCode again and find the same things worth saying. */
const onceEach = (tell: (line: string) => void) => {
  const told = new Set<string>();
  return (line: string) => {
    if (!told.has(line)) tell(line);
    told.add(line);
  };
};
