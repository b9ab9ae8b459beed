import type { Cancel, Clock } from '../../../shared/clock.ts';

/** Viewers see the first of an output at once, and then what came in such a time together. */
const togetherMs = 50;
/** Of what comes in that time: more than a screen shows, little enough that a flood costs a viewer nothing. */
const maxTogetherBytes = 32 * 1024;

/** Shows an output as it comes. Bytes become text only when all of a character is there. */
export interface Live {
  take(bytes: Buffer): void;
  /** Shows what is left; nothing afterwards. */
  end(): void;
}

export const showLive = (show: (text: string) => void, clock: Clock): Live => {
  let decoder = new TextDecoder();
  let parts: Buffer[] = [];
  let size = 0;
  let skipped = 0;
  let pause: Cancel | null = null;
  let isEnded = false;

  const flush = () => {
    if (size === 0) return;
    const note = skipped > 0 ? `\n[... ${skipped} bytes not shown ...]\n` : '';
    if (skipped > 0) decoder = new TextDecoder();
    const bytes = Buffer.concat(parts);
    // What was left out may have ended within a character.
    const text = decoder.decode(skipped > 0 ? fromCharacter(bytes) : bytes, { stream: true });
    parts = [];
    size = skipped = 0;
    if (note || text) show(note + text);
  };
  const pauseThenFlush = () => {
    pause = clock.after(
      togetherMs,
      () => {
        pause = null;
        if (size === 0) return;
        flush();
        pauseThenFlush();
      },
      { keepsAlive: false },
    );
  };

  return {
    take: (bytes) => {
      if (isEnded) return;
      parts.push(bytes);
      size += bytes.length;
      while (size > maxTogetherBytes && parts.length > 1) {
        const first = parts.shift();
        if (!first) break;
        size -= first.length;
        skipped += first.length;
      }
      if (size > maxTogetherBytes) {
        skipped += size - maxTogetherBytes;
        parts = [bytes.subarray(bytes.length - maxTogetherBytes)];
        size = maxTogetherBytes;
      }
      if (pause) return;
      flush();
      pauseThenFlush();
    },
    end: () => {
      if (isEnded) return;
      isEnded = true;
      pause?.();
      flush();
      const rest = decoder.decode();
      if (rest) show(rest);
    },
  };
};

/** Without the bytes at the beginning that are the rest of a character. */
export const fromCharacter = (bytes: Buffer): Buffer => {
  let start = 0;
  while (start < 4 && start < bytes.length && isContinuation(bytes[start])) start++;
  return bytes.subarray(start);
};

/** Without the bytes at the end that are the beginning of a character. */
export const toCharacter = (bytes: Buffer): Buffer => {
  let start = bytes.length - 1;
  while (start > bytes.length - 4 && start > 0 && isContinuation(bytes[start])) start--;
  const lead = bytes[start] ?? 0;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return start >= 0 && start + length > bytes.length ? bytes.subarray(0, start) : bytes;
};

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;
