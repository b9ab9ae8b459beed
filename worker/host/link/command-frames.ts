import type { Command } from '../../../shared/commands.ts';
import { maxFrameBytes } from '../../../shared/limits.ts';

const opening = '{"type":"commands","commands":[';
const closing = ']}';

/**
 * Commands as frames, in order, each as large as `maxBytes` lets it be; a frame is made when the one before was taken,
 * so that no more than one is in memory.
 */
export function* commandFrames(commands: Iterable<Command>, maxBytes = maxFrameBytes): Generator<string> {
  let held: string[] = [];
  let bytes = opening.length + closing.length;
  for (const command of commands) {
    const text = JSON.stringify(command);
    const size = Buffer.byteLength(text) + 1;
    if (held.length > 0 && bytes + size > maxBytes) {
      yield opening + held.join(',') + closing;
      held = [];
      bytes = opening.length + closing.length;
    }
    held.push(text);
    bytes += size;
  }
  if (held.length > 0) yield opening + held.join(',') + closing;
}
