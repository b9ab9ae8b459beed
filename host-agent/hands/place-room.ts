/** Whether a place may still write: what it holds, beside its owner's quota, and what is left of the disk. */
import type { Clock } from '../../shared/clock.ts';
import { exceededText, quotas } from '../../shared/quotas.ts';
import type { Disk } from '../process/disk.ts';
import type { Log } from '../process/log.ts';
import { oneByOne } from '../process/one-by-one.ts';

export interface PlaceRoom {
  /** What the place may hold, as the edge said last. */
  allow(place: string, bytes: number): void;
  /** Why a call of a tool is not run in a place that holds too much, for the model; null: it is. */
  refusal(place: string, tool: string, args: Record<string, unknown>): Promise<string | null>;
  /** A call has run, which may have written: what the model is to know of the room that is left, else null. */
  ran(place: string): Promise<string | null>;
}

export interface PlaceRoomParts {
  /** Reads every name of the place, which takes seconds where there are a million. Null where there is no bound. */
  measure(place: string): Promise<number | null>;
  /** The disk that the outbox is on too. A look costs microseconds. */
  disk(): Promise<Disk>;
  clock: Clock;
  log: Log;
}

/** Of a place that nobody measured for so long it is not known any more: others wrote while it removed. */
const freshMs = 10 * 60_000;
/** Between two looks at a place, at least, and so many times as long as the last one took: 5 % of a core. */
const pauseMs = 10_000;
const pauseTimes = 20;
/** From here on a model is told once, while there is room to do something about it. */
const warnShare = 0.8;
/**
 * What of a disk no place gets, twice the outbox's reserve, or of a small disk this share: with nothing left nobody
 * could do anything any more, also not say so.
 */
const leftBytes = 128 * 1024 * 1024;
const leftShare = 0.01;

/** Tools that write nothing that stays. */
const reading: ReadonlySet<string> = new Set([
  ...['read', 'glob', 'grep', 'bash_output', 'bash_kill', 'webfetch'],
  ...['workspace_read_file', 'workspace_delete_file', 'workspace_list_directory', 'workspace_search_files'],
  ...['workspace_grep_search', 'workspace_fetch_url'],
]);

interface Known {
  bytes: number;
  /** What the disk had left then: what it has less since may all be this place's. */
  freeBytes: number;
  atMs: number;
  /** Not looked at again before. */
  nextMs: number;
  /** Calls have run since. */
  isOld: boolean;
  hasWarned: boolean;
}

/**
 * A place is looked at when it was not for long, or when it could hold too much by now: it can't have grown by more
 * than the disk has less. So a call costs a look at the disk.
 */
export const placeRoom = ({ measure, disk, clock, log }: PlaceRoomParts): PlaceRoom => {
  const most = new Map<string, number>();
  const known = new Map<string, Known>();
  const looking = new Map<string, Promise<void>>();
  let hasBounds = true;
  const inTurn = oneByOne();
  const mostOf = (place: string): number => most.get(place) ?? quotas.place_bytes.default;

  const lookNow = async (place: string): Promise<void> => {
    const before = known.get(place);
    const begunMs = clock.steadyMs();
    const { free } = await disk();
    const one: Known = { freeBytes: free, bytes: 0, atMs: begunMs, nextMs: 0, isOld: false, hasWarned: false };
    try {
      const bytes = await measure(place);
      if (bytes === null) {
        hasBounds = false;
        return;
      }
      one.bytes = bytes;
      one.hasWarned = (before?.hasWarned ?? false) && bytes > mostOf(place) * warnShare;
      if (bytes > mostOf(place)) log.warn('place.full', { place, bytes, most: mostOf(place) });
    } catch (error) {
      log.error('place.not_measured', { place, error });
      one.bytes = before?.bytes ?? 0;
    }
    const atMs = clock.steadyMs();
    known.set(place, { ...one, nextMs: atMs + Math.max(pauseMs, pauseTimes * (atMs - begunMs)) });
  };
  const look = (place: string): Promise<void> => {
    const running = looking.get(place);
    if (running) return running;
    const one = inTurn(() => lookNow(place)).finally(() => looking.delete(place));
    looking.set(place, one);
    return one;
  };

  return {
    allow: (place, bytes) => void most.set(place, bytes),
    refusal: async (place, tool, args) => {
      if (!hasBounds || reading.has(tool)) return null;
      const { free, all } = await disk();
      const isLow = free < Math.min(leftBytes, all * leftShare);
      const isFull = (): boolean => (known.get(place)?.bytes ?? 0) > mostOf(place);
      if (!isLow && !isFull()) return null;
      if (isRemoving(args)) return null;
      if (isLow) return `${lowText} ${whatToDo}`;
      if (known.get(place)?.isOld) await look(place);
      return isFull() ? `${exceededText('place_bytes', mostOf(place))} ${whatToDo}` : null;
    },
    ran: async (place) => {
      if (!hasBounds) return null;
      const { free } = await disk();
      const one = known.get(place);
      const now = clock.steadyMs();
      const mayHold = one ? one.bytes + Math.max(0, one.freeBytes - free) : 0;
      if (!one || (now >= one.nextMs && (now - one.atMs > freshMs || mayHold > mostOf(place) * warnShare)))
        void look(place);
      if (!one) return null;
      one.isOld = true;
      if (one.hasWarned || one.bytes <= mostOf(place) * warnShare) return null;
      one.hasWarned = true;
      return nearlyText(one.bytes, mostOf(place));
    },
  };
};

/** Programs that make room, or show where it went. */
const makingRoom: ReadonlySet<string> = new Set([
  ...['rm', 'rmdir', 'ls', 'du', 'df', 'find', 'cd', 'pwd', 'sort', 'head', 'tail'],
]);
/** What may make more of a line than it seems to be, a program that `find` runs included: nothing is parsed here. */
const mayBeMore = /[$`<>(){}\\\n]|\s-(exec|ok|fprint|fls)/;

/** Whether a call's line of bash only makes room, or looks for it. No wall: these can write too, and not much. */
const isRemoving = ({ command }: Record<string, unknown>): boolean => {
  if (typeof command !== 'string') return false;
  const line = command.replaceAll('2>/dev/null', '');
  if (mayBeMore.test(line)) return false;
  return line.split(/&&|\|\||[;|]/).every((each) => makingRoom.has(each.trim().split(/\s/)[0] ?? ''));
};

const whatToDo =
  'Nothing was done. What you can run now is what removes or shows (rm, rmdir, ls, du, df, find without -exec), and ' +
  'tools that read; tell the person where nothing of it can go.';

const lowText = 'The disk of this server is nearly full, and what is left is kept for what agents have to say.';

const gib = 1024 ** 3;
const nearlyText = (bytes: number, most: number): string =>
  `[Your files on this server take ${(bytes / gib).toFixed(1)} of the ${(most / gib).toFixed(1)} GiB that they may ` +
  '(home, /tmp, all missions). Above that no command runs: remove what is not needed.]';
